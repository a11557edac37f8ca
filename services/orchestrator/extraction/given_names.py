"""Given names that are common, in small letters: so written, hardly another word is known for one. Pure."""

from __future__ import annotations

GIVEN_NAMES = frozenset(
    """
    aaron abdul abigail adam adele adrian agnes ahmed aisha alan albert alejandro alessia alex alexander alexandra
    alfie ali alice alicia alina amanda amelia amina amir amy ana anders andrea andreas andrew andy angela anja anke
    ann anna anne annette anthony antonio arash archie arjun arne arthur astrid aylin ayse barbara bart beatrice
    becky ben benjamin bernd beth bianca bilal birgit bjorn bob boris brandon brenda brian bridget bruno camille
    carina carl carla carlos carmen carol caroline cath catherine cathy cecilia cem charles charlie charlotte chiara
    chloe chris christian christina christine christoph claire clara claudia colin connor craig cristina daniel
    daniela danny dave david dean deborah deepak denise dennis derek diana diego dieter dimitri dirk dmitri dominic
    doris dorothy duncan ed eddie edith edward elena eli elias elif elisabeth elizabeth ella ellen ellie elsa emil
    emilia emily emma enrico eric erica erik ernst esther ethan eva evelyn fabian farah fatima felix fiona florian
    francesca frank franz fred freddie frederik freya friedrich gabriel gary gavin gemma geoff george georgia gerald
    gerard gina giulia giulio glen gordon graham greg greta guido gustav hamza hannah hans harriet harry hasan
    heather heidi heike heinz helen helena helga henrik henry holger holly horst hugo ian ibrahim ida igor ilona
    ines ingrid irene irina isaac isabel isabella isla ivan jack jacob jake james jamie jan jana jane janet jasmine
    jason javier jean jeff jennifer jenny jens jeremy jess jessica jill jim joan joanna joe joel johan johanna
    johannes john jonas jonathan jorge joseph josh joshua juan judith julia julian julie jurgen karen karin karl
    karla karsten kate katharina katherine kathrin kathy katie katja kay keith kelly ken kenneth kevin khalid kim
    kirsten klaus kofi konrad kristin kurt kyle lars laura lauren lea leah lee lena leo leon leonie liam lilly linda
    lisa liz lorenzo louis louise luca lucas lucia lucy luis luisa lukas luke lydia magda malik manuel marc marcel
    marco marcus margaret maria marie marina mario marius mark markus marta martha martin martina mary mateo mathias
    matteo matthew matthias maya megan mehmet mei melanie melissa mia michael michelle miguel mike mina miriam
    mohamed mohammed molly monica monika moritz muhammad nadia nadine nancy naomi natalie natasha nathan neil nick
    nicola nicolas nicole nigel niklas nils nina noah noel nora nour oleg olga oliver olivia omar oscar oskar otto
    owen pablo pamela paolo patricia patrick paul paula pauline pedro peter petra phil philip phoebe pia pierre
    priya rachel rafael raj ralf ralph rania rashid raul rebecca renate rhys ricardo richard rita rob robert roberto
    robin roland rosa rosie ross rudi russell ruth ryan sabine sally sam samantha samir samuel sandra sanjay sara
    sarah sascha scott sean sebastian selina sergei shane sharon sheila silke silvia simon simone sofia sonja sophia
    sophie stefan stefanie stella stephan stephanie stephen steve steven stuart sue sunil susan susanne suzanne svea
    sven sylvia tamara tanja tara tatiana ted teresa theo theresa thomas thorsten tim timo tina tobias todd tom
    tomas toni tony tracy ulrich ulrike ursula ute uwe valentina valerie vanessa vera veronica victor victoria
    viktor vincent viola vladimir walter wei wendy werner wilhelm willem william wolfgang xavier yan yara yasmin
    yusuf yvonne zainab zara zoe
    """.split()
)
UNMISTAKABLE = GIVEN_NAMES - frozenset("dean frank heather holly jack josh mark rob robin sue victor".split())
"""Those that are names also where a sentence has other words in their place: not "mark my words"."""
