"""Which facts take the place of others, and which hold beside them."""

from __future__ import annotations

import pytest

from tests.support.endings import ends


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("I work at Siemens.", "I work at night."),
        ("I work at Siemens.", "I work at home."),
        ("I work at Siemens.", "I work at my desk all day."),
        ("I work at Siemens.", "I work for a big company."),
        ("I work at Siemens.", "I work at a bar on weekends."),
        ("I work at Siemens.", "I work at Lidl part-time."),
        ("I work at Siemens.", "I work at Siemens in Munich."),
        ("I work as a nurse.", "I work as a volunteer at the zoo on Sundays."),
        ("I work as a nurse.", "I work as a contractor."),
        ("I work at Siemens.", "I work for the marketing team."),
        ("I own a house.", "We sold the summer house."),
        ("I have a phone.", "I lost my work phone."),
        ("I eat meat.", "I don't eat meat on Fridays."),
        ("I live in Graz.", "I live in a small house."),
        ("I live in Graz.", "I live in a flat with two friends."),
        ("I live in Graz.", "I live in Austria."),
        ("I live in Austria.", "I live in Graz."),
        ("I live in London.", "I live in Hackney."),
        ("I live in Leeds.", "I live in Leeds, England."),
        ("I live in Leeds.", "I live in Spain in winter."),
        ("I live in Leeds.", "I live in a flat in Leeds."),
        ("I live in a small house.", "I live in a house with a garden."),
        ("My son is 4.", "My other son is 7."),
        ("My sister lives in Leeds.", "My other sister lives in York."),
        ("My brother is married.", "My younger brother is single."),
        ("I love Rome.", "I don't love Rome in August."),
        ("I love running.", "I don't like running on Sunday mornings."),
        ("I play tennis.", "I don't play tennis in winter."),
        ("I have a boat.", "I sold my old boat."),
        ("I have a car.", "I got rid of my second car."),
    ],
)
def test_what_holds_beside_it_ends_nothing(before: str, text: str) -> None:
    assert not ends(before, text)


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("I work at Siemens.", "I work at Bosch."),
        ("I work at Siemens.", "I work at a bakery now."),
        ("I live in Leeds.", "I live in a flat in York."),
        ("I live in Austria.", "I live in Spain."),
        ("I live in Leeds.", "I moved to Spain last week."),
        ("I live in a flat.", "I live in a house."),
        ("I live in a flat in Leeds.", "I moved to York."),
        ("I work as a nurse.", "I work as a teacher."),
        ("My older son is 7.", "My older son is 8."),
        ("I have an old boat.", "I sold my old boat."),
    ],
)
def test_its_like_takes_its_place(before: str, text: str) -> None:
    assert ends(before, text)


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("I live in Leeds.", "I'm not in Leeds any more."),
        ("I live in Leeds.", "We moved house, we're in York now."),
        ("I live in Leeds.", "just moved, we're in York now"),
        ("I'm 29.", "I turned 30 today!"),
        ("My wife is 39.", "My wife turned 40 today."),
        ("My car is a Toyota Yaris.", "My Yaris was stolen."),
        ("My car is a Toyota Yaris.", "We sold the car."),
        ("My car is a Toyota Yaris.", "My car is a Mini now."),
        ("I have a car, a Skoda.", "We sold the Skoda and got a Tesla."),
        ("I drive a red Skoda Octavia.", "We sold the Skoda and got a Tesla."),
        ("I teach maths at a school in Graz.", "I quit my job at the school."),
        ("I'm studying law at Oxford.", "I dropped out of university."),
        ("I'm training for a marathon.", "I dropped out of the marathon."),
        ("I'm training for a triathlon.", "I pulled out of the triathlon."),
        ("I drink two coffees a day.", "I've stopped drinking coffee."),
        ("I smoke ten cigarettes a day.", "I stopped smoking."),
        ("I don't have any pets.", "We adopted a kitten."),
        ("I don't have any pets.", "I have a cat."),
        ("My wife is pregnant.", "My wife had a miscarriage."),
        ("Tom's girlfriend is called Sara.", "Tom and Sara broke up."),
        ("Mia's boyfriend is called Ben.", "Ben and Mia split up."),
        ("My boss is Helen.", "Helen got fired."),
        ("My boss is Helen.", "Helen resigned."),
        ("I hate mushrooms.", "I lied, I actually love mushrooms."),
        ("My favourite band is Radiohead.", "I don't like Radiohead any more, I'm into Blur now."),
    ],
)
def test_what_is_told_in_other_words_ends_it_too(before: str, text: str) -> None:
    assert ends(before, text)


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("I live in Leeds.", "I'm in York now."),
        ("I'm 29.", "My wife turned 30 today."),
        ("My car is a Ford Focus.", "I sold the Fiesta."),
        ("My car is a Toyota.", "My car is a hatchback."),
        ("I drive a Volvo.", "We sold the Skoda and got a Tesla."),
        ("I teach French at a college in Ghent.", "I quit my job at the bakery."),
        ("I teach maths at a school in Graz.", "I work at a gym."),
        ("I'm studying law at Oxford.", "My brother dropped out of university."),
        ("I'm training for a marathon.", "I dropped out of the choir."),
        ("I drink two coffees a day.", "I stopped drinking wine."),
        ("I don't have any pets.", "My sister adopted a kitten."),
        ("I don't have any pets.", "I got a hot dog stand."),
        ("Tom's girlfriend is called Sara.", "Tom and Ana broke up."),
        ("Tom's girlfriend is called Sara.", "Ana and Sara split up the bill."),
        ("My boss is Helen.", "Helen fired the intern."),
        ("My favourite band is Radiohead.", "I'm into Blur now."),
    ],
)
def test_what_sounds_like_an_end_of_it_ends_nothing(before: str, text: str) -> None:
    assert not ends(before, text)
