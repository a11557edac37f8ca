"""What the guard leaves of a text where the policy masks: all of a number or statement goes, and nothing else."""

from __future__ import annotations

import pytest

from services.orchestrator.guard import SEVERITIES, guard

ALL_MASKED = {f"personal_data.{name}": "mask" for name in SEVERITIES}


def masked(text: str) -> str:
    return guard(text, ALL_MASKED).text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("visa is 4111 1111 1111 1111 12/29", "visa is [payment_card] 12/29"),
        ("visa is 4111 1111 1111 1111 123", "visa is [payment_card] 123"),
        ("4111-1111-1111-1111-123", "[payment_card]-123"),
        ("4111111111111111 04/29", "[payment_card] 04/29"),
        ("Charge 5555555555554444 500 euros please", "Charge [payment_card] 500 euros please"),
        ("pay 20 4111111111111111", "pay 20 [payment_card]"),
        ("pay 2000 4111 1111 1111 1111 123", "pay 2000 [payment_card] 123"),
        ("amex 3782 822463 10005 1234", "amex [payment_card] 1234"),
        ("card no.4111111111111111", "card no.[payment_card]"),
        ("4111 1111 1111 1111 5555 5555 5555 4444", "[payment_card] [payment_card]"),
        ("4111111111111111 378282246310005 1234", "[payment_card] [payment_card] 1234"),
    ],
)
def test_a_card_among_other_digits_is_masked_and_they_are_not(text: str, left: str) -> None:
    assert masked(text) == left


@pytest.mark.parametrize("gap", ["", " ", "  ", "\t", "\n", ".", "-", " - ", "\u00a0", "\u2011", "\u2013"])
def test_a_card_is_masked_whatever_stands_between_its_groups(gap: str) -> None:
    assert (
        masked(f"my card {gap.join(['4111', '1111', '1111', '1111'])} please")
        == "my card [payment_card] please"
    )


@pytest.mark.parametrize("text", ["4012 8888\n8888 1881", "4012 8888 8888\n1881", "4012888888881881"])
def test_a_card_broken_once_over_a_line_is_one(text: str) -> None:
    assert masked(text) == "[payment_card]"


@pytest.mark.parametrize(
    "text",
    [
        "0.4111111111111111",
        "12.4111111111111111 and 3.5",
        "order 94111111111111111 12",
        "order 4556737586899855123 12",
        "2024-05-03 12:00:00 1714739200000 1714739200001",
        "Parcel 9205 5901 6491 7331 2805 34",
        "readings 1000 2000 4111 1111 1111 1111 2000 3000",
        "3.4111111111111111 2.4111111111111111",
        "4012\n8888\n8888\n1881",
        "readings:\n- 4012\n- 8888\n- 8888\n- 1881\n\nWhat is their mean?",
        "4012\r\n8888\r\n8888\r\n1881\r\n",
    ],
)
def test_other_long_numbers_are_no_cards(text: str) -> None:
    assert "payment_card" not in [found.name for found in guard(text, {}).findings]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("IBAN DE89.3704.0044.0532.0130.00", "IBAN [iban]"),
        ("IBAN DE89-3704-0044-0532-0130-00 please", "IBAN [iban] please"),
        ("Invoice no 12 DE89 3704 0044 0532 0130 00", "Invoice no 12 [iban]"),
        ("DE89 3704 0044 0532 0130 00 NL91 ABNA 0417 1643 00", "[iban] [iban]"),
    ],
)
def test_an_account_number_is_masked_however_it_is_grouped_and_whatever_precedes_it(
    text: str, left: str
) -> None:
    assert masked(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("SSN: 536 90 4399", "SSN: [national_id]"),
        ("SSN: 536.90.4399", "SSN: [national_id]"),
        ("SSN 536\u201190\u20114399", "SSN [national_id]"),
        ("my social is 536 90 4399", "my social is [national_id]"),
        ("CPF 529 982 247 25", "CPF [national_id]"),
        ("PESEL 4405 1401 359", "PESEL [national_id]"),
        ("pesel 440514 01359", "pesel [national_id]"),
        ("PESEL 12 44051401359", "PESEL 12 [national_id]"),
        ("NIF 12.345.678 Z", "NIF [national_id]"),
        ("DNI 12.345.678Z", "DNI [national_id]"),
        ("DNI 12.345.678-Z", "DNI [national_id]"),
        ("passport number C01X00T47", "passport number [national_id]"),
        ("passport no. 12 3456789", "passport no. [national_id]"),
        ("passport no. AB 123456", "passport no. [national_id]"),
        ("my passport number is c01x00t47", "my passport number is [national_id]"),
        ("My passport is C01X00T47", "My passport is [national_id]"),
        ("Passport: 123456789", "Passport: [national_id]"),
        ("passport C01X00T47 expires soon", "passport [national_id] expires soon"),
        ("I lost my passport, number 123456789", "I lost my passport, number [national_id]"),
        ("passport №123456789", "passport №[national_id]"),
        ("passport # 123456789", "passport # [national_id]"),
        ("My passport number for the visa is X1234567", "My passport number for the visa is [national_id]"),
        (
            "My passport expired and the new number is C01X00T47",
            "My passport expired and the new number is [national_id]",
        ),
        ("passport numbers 123456789 and 987654321", "passport numbers [national_id] and [national_id]"),
        ("my passport number, C01X00T47", "my passport number, [national_id]"),
        ("My passport's number is 123456789", "My passport's number is [national_id]"),
        ("Passport-No. 123456789", "Passport-No. [national_id]"),
        ("passeport numéro 12AB34567", "passeport numéro [national_id]"),
        ("número do passaporte é CA123456", "número do passaporte é [national_id]"),
        ("C01X00T47 is my passport number", "[national_id] is my passport number"),
        ("Reisepassnummer C01X00T47", "Reisepassnummer [national_id]"),
        ("my id number is 123456789", "my id number is [national_id]"),
        ("Soy Ana, 12.345.678-Z", "Soy Ana, [national_id]"),
    ],
)
def test_a_national_number_is_masked_whole_however_it_is_grouped(text: str, left: str) -> None:
    assert masked(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "costó 12.345.678 z",
        "SSN of 000 12 3456 or 536 90 439",
        "My CPF is 529 982 247 26",
        "My passport photo is 1200x1200 and the passport expires on 2027-05-12",
        "The PESEL was introduced in 1979 and has 11 digits",
        "part no 12.345.678-A",
        "Fixed passport login in commit 4f3a2b1c",
        "passport.js: see commit a1b2c3d4 for the session fix",
        "the passport-jwt middleware fails on request id 7d9f1e2ab",
        "the passport login fails for user 12345678",
        "commit 4f3a2b1c breaks passport login",
        "my passport number is on page 3, call 555 123 456",
    ],
)
def test_what_only_looks_like_a_national_number_is_none(text: str) -> None:
    assert "national_id" not in [found.name for found in guard(text, {}).findings]


@pytest.mark.parametrize(
    ("number", "left"),
    [
        ("2345 6789 0124", "[national_id]"),
        ("2345 6789 0125", "2345 6789 0125"),
        ("1345 6789 0129", "1345 6789 0129"),
    ],
    ids=["right", "another check digit", "another first digit"],
)
def test_an_aadhaar_number_has_its_check_digit_and_begins_with_two_or_more(number: str, left: str) -> None:
    assert masked(f"My Aadhaar number is {number}.") == f"My Aadhaar number is {left}."


def test_a_telephone_number_beside_an_identity_card_stays_one() -> None:
    found = guard("I lost my id card, call me on 0161 496 0847", {}).findings

    assert [finding.name for finding in found] == ["phone"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("contact bob@example.com:443", "contact [email]:443"),
        ("bob@example.com:443/home", "[email]:443/home"),
        ("bob@example.com/home", "[email]/home"),
        ("bob@example.com:please write", "[email]:please write"),
        ("ana@example.org/bob@example.org", "[email]/[email]"),
        ("see https://example.org or mailto:bob@example.com", "see https://example.org or mailto:[email]"),
        ("https://example.org/u/bob@example.com/x", "https://example.org/u/[email]/x"),
        ("https://ana:secret@example.org/x", "https://ana:secret@example.org/x"),
        ("https://git@github.com/ana/mind", "https://git@github.com/ana/mind"),
        ("https://example.org/@jane.doe/post", "https://example.org/@jane.doe/post"),
        ("rsync a root@example.org:/srv", "rsync a root@example.org:/srv"),
        ("git@github.com:ana/mind.git", "git@github.com:ana/mind.git"),
        ("mail bob@example.com: urgent", "mail [email]: urgent"),
        ("I use git, so write to bob@example.com:please", "I use git, so write to [email]:please"),
        ("a git question for bob@example.com", "a git question for [email]"),
        ("git@example.com: hello", "[email]: hello"),
        *(
            (command, command)
            for command in (
                "scp notes.txt bob@server.example.com:notes.txt",
                "rsync -av src deploy@prod.example.com:~",
                "rsync deploy@prod.example.com:www .",
                "git remote set-url origin git@gitlab.com/acme/widgets",
                "git clone git@github.com:widgets",
                "ssh -p 2222 bob@server.example.com",
            )
        ),
    ],
)
def test_an_address_is_masked_before_a_colon_or_slash_and_a_location_is_not(text: str, left: str) -> None:
    assert masked(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("I take 20 mg of sertraline", "[health]"),
        ("I take 20 mg sertraline every night", "[health] every night"),
        ("I'm taking 40mg of fluoxetine and 10 mg olanzapine", "[health]"),
        ("I was prescribed 5 mg of elvanse", "[health]"),
        ("I was diagnosed with bipolar disorder", "[health]"),
        ("I was diagnosed with bipolar disorder type II", "[health]"),
        ("I was diagnosed with an autoimmune disease called lupus", "[health]"),
        ("I suffer from depression, asthma and anxiety", "[health]"),
        ("I have HIV and hepatitis C", "[health]"),
        ("I have a tumour in my brain", "[health]"),
        ("I am allergic to peanuts, shellfish and penicillin", "[health]"),
        ("I have a cold, and a dog", "[health], and a dog"),
        ("I have flu I think", "[health] I think"),
        ("I owe the bank 12,000 pounds", "[financial]"),
        ("I owe 12 000 pounds to the bank", "[financial]"),
        ("I owe the bank money, about 12,000 pounds", "[financial]"),
        ("I'm bankrupt with debts of 40,000 euros", "[financial]"),
        ("I earn 54,000 euros a year before tax", "[financial]"),
        ("My salary is 45k and my bonus 5k", "[financial]"),
    ],
)
def test_a_statement_is_masked_with_what_matters_in_it(text: str, left: str) -> None:
    assert masked(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("I was born on 2 May", "I was born on [birth_date]"),
        ("I live at 5 High Street, Porto", "I live at [address]"),
        ("my PAN is ABCPD1234F", "my PAN is [national_id]"),
        ("my number is 2345678", "my number is [phone]"),
        ("dial 555-0188", "dial [phone]"),
        ("pay NO93 8601 1117 947", "pay [iban]"),
        ("pay with 30569309025904", "pay with [payment_card]"),
    ],
)
def test_what_has_as_few_digits_as_it_may_is_found_where_there_are_no_others(text: str, left: str) -> None:
    assert masked(text) == left
