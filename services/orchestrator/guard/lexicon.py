"""Words of health and money, for the rules over them.

Illnesses, medicines and procedures are known by their combining forms and stems (WHO, "The use of stems in the
selection of International Nonproprietary Names"), and the common ones by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

CONDITIONS = """
abscess|acid reflux|acne|addiction|adhd|(?-i:ADD)|agoraphobia|(?-i:AIDS)|alcoholism|alcohol problem|allergy|
allergies|(?-i:ALS)|alzheimer's|alzheimers|alzheimer|anaphylaxis|
aneurysm|angina|anorexia|anxiety|anxiety attack|anxiety attacks|anxiety disorder|arrhythmia|asperger's|
aspergers|asthma|asthma attack|autism|back pain|bad back|
bipolar|bipolar disorder|bladder infection|blood clot|blood clots|bpd|borderline personality disorder|
brain tumour|brain tumor|breakdown|breast cancer|broken
arm|broken leg|broken wrist|broken ankle|broken foot|broken rib|broken ribs|broken hip|broken nose|
broken collarbone|broken finger|broken toe|bulimia|burnout|burn-out|cancer|carpal tunnel|
cataract|cataracts|celiac disease|coeliac disease|coeliac|celiac|cerebral palsy|chest infection|chest pain|
chest pains|chickenpox|chicken pox|chlamydia|chronic fatigue|chronic
pain|cleft palate|cold sores|colitis|colon cancer|concussion|copd|covid|covid-19|corona|crohn's|crohns|
crohn's disease|cyst|cysts|cystic fibrosis|deep vein thrombosis|dementia|
depression|depressive episode|diabetes|diarrhea|diarrhoea|disability|dizzy spells|down syndrome|
down's syndrome|drinking problem|drug problem|dvt|dyslexia|dyspraxia|ear infection|eating
disorder|eczema|(?-i:ED)|endometriosis|epilepsy|erectile dysfunction|fever(?! dream)|fibroids|fibromyalgia|flu|
food poisoning|fracture|gallstones|gastric ulcer|genital herpes|gestational diabetes|
glaucoma|gluten intolerance|gonorrhea|gonorrhoea|gout|graves' disease|haemophilia|hemophilia|hashimoto's|
hay fever|hayfever|headache|headaches|hearing loss|heart attack|heart condition|
heart disease|heart failure|heart murmur|heart problem|heart problems|heartburn|hernia|herniated disc|
slipped disc|slipped disk|herpes|high blood pressure|low blood pressure|high cholesterol|hip pain|hiv|hot
flushes|hot flashes|hpv|huntington's|hypertension|hyperthyroidism|hypothyroidism|ibs|infection|infertility|
influenza|injury|insomnia|irritable bowel|jaundice|joint pain|kidney disease|kidney failure|kidney
infection|kidney stone|kidney stones|knee injury|knee pain|lactose intolerance|learning disability|
leukaemia|leukemia|limp|liver disease|liver failure|long covid|lump|lung cancer|lupus|
lyme disease|lyme|lymphoma|macular degeneration|malaria|manic episode|manic episodes|(?-i:ME)|measles|
melanoma|meltdowns|menopause|mental breakdown|mental health issues|mental health problems|mental illness|
migraine|
migraines|miscarriage|miscarriages|motor neurone disease|(?-i:MS)|multiple sclerosis|mumps|
muscular dystrophy|myopia|nausea|nerve damage|neuropathy|nervous breakdown|night terrors|nightmares|
norovirus|nut allergy|
obesity|obsessive compulsive disorder|ocd|oppositional defiant disorder|osteoarthritis|osteoporosis|
ovarian cancer|ovarian cyst|pacemaker|palpitations|panic attack|panic attacks|panic disorder|
paranoia|parkinson's|parkinsons|parkinson's disease|parkinson|pcos|peanut allergy|penicillin allergy|
period pain|period pains|personality disorder|phobia|piles|haemorrhoids|hemorrhoids|pink eye|
plantar fasciitis|
pleurisy|pmdd|pms|pneumonia|polio|post-natal depression|postnatal depression|postpartum depression|
post-partum depression|postpartum psychosis|pre-eclampsia|preeclampsia|prediabetes|prostate cancer|
psoriasis|psychosis|psychotic episode|ptsd|
pulmonary embolism|rash|raynaud's|rheumatism|rheumatoid arthritis|rosacea|rsi|ruptured disc|scarlet fever|
schizophrenia|sciatica|scoliosis|seizure|seizures|sepsis|shingles|sickle cell|sickle cell
anaemia|sickle cell anemia|skin cancer|sleep apnoea|sleep apnea|sore throat|spina bifida|std|sti|stammer|
stomach bug|stomach flu|stomach ulcer|strep|strep throat|stress fracture|stroke|strokes|stutter|substance
abuse|suicidal thoughts|syphilis|tachycardia|tb|tendonitis|testicular cancer|thrush|thyroid|thyroid cancer|
thyroid problem|tia|tinnitus|tonsillitis|torn ligament|torn meniscus|tourette's|tourettes|tourette|
toxoplasmosis|tuberculosis|
tumour|tumor|tumours|tumors|type 1|type 2|type one diabetes|type two diabetes|ulcer|ulcers|
ulcerative colitis|urinary tract infection|uti|utis|varicose veins|vertigo|visual impairment|warts|whiplash|
whooping cough|
yeast infection|food allergy|food allergies|food intolerance|alopecia|vitiligo|sprained ankle|black-?outs|
memory loss|hallucinations|mood swings|stage fright|cough|heart palpitations|collapsed lung|
bone marrow disease|autoimmune disease|
blood disorder|rare disease|chronic illness|illness|condition|disease|syndrome|disorder|lung disease|
slipped discs|bad knee|bad knees|bad hip|trauma|grief counselling|labyrinthitis|bell's palsy|norovirus|
monkeypox|mpox|rabies|rickets|scabies|lice|
nits|emphysema|hives|colic|cleft lip|frozen shoulder|tennis elbow|bunions?|shin splints|perforated eardrum|
burst eardrum|glue ear|
croup|lazy eye|astigmatism|detached retina|hernias|slipped discs|narcolepsy|restless legs|
restless leg syndrome|bruxism|
sinus infection|sinus infections|dystonia|cushing's|addison's|marfan syndrome|ehlers-danlos|thalassaemia|thalassemia|
sickle-cell|alcohol dependence|withdrawal symptoms|postpartum anxiety|gender dysphoria|stoma|colostomy bag|
acid-reflux|gerd|sibo|h pylori|body dysmorphia|binge eating|night sweats|brain fog|brain bleed|brain injury|
head injury|spinal injury|whiplash injury|frozen embryos|club foot|clubfoot|curvature of the spine|heat rash|
impetigo|ringworm|athlete's foot|gangrene|frostbite|sunstroke|heatstroke|stillbirth|ectopic pregnancy|
high-risk pregnancy|hyperemesis|morning sickness|amputation|paralysis|blood poisoning|sleep paralysis|
sleepwalking
"""
CONDITION_FORMS = (
    r"(?!diagnosis|prognosis|hypnosis|osmosis|metamorphosis|symbiosis|apotheosis)[a-z]{2,20}(?:itis|osis|"
    r"(?<=neur)oses|(?<=psych)oses|(?<=thromb)oses|(?<=scler)oses|(?<=fibr)oses|algia|plegia|paresis|pathy|aemia"
    r"|emia|openia|rrhoea|rrhea|phobia|trophy|sclerosis|"
    r"carcinoma|sarcoma|blastoma|myeloma|glioma|fibroma|"
    r"adenoma)(?<!sympathy)(?<!empathy)(?<!apathy)(?<!telepathy)(?<!antipathy)(?<!nostalgia)(?<!academia)(?<!bohemia)(?<!homeopathy)(?<!psychopathy)(?<!osteopathy)"
)
STATES = """
pregnant|expecting|diabetic|pre-?diabetic|asthmatic|epileptic|autistic|bipolar|depressed|suicidal|
schizophrenic|anorexic|bulimic|alcoholic|an alcoholic|a recovering alcoholic|a recovering addict|an addict|
an insomniac|
dyslexic|dyspraxic|deaf|hard of hearing|blind(?! as)|colou?r ?blind|partially sighted|visually impaired|
short-sighted|lame|mute|paraly[sz]ed|paraplegic|quadriplegic|disabled|wheelchair-bound|in a wheelchair|
an? amputee|
hiv[ -]positive|hiv\\+|hiv[ -]negative|infertile|menopausal|perimenopausal|anaemic|anemic|haemophiliac|
hemophiliac|a hemophiliac|coeliac|celiac|lactose[ -]intolerant|gluten[ -]intolerant|neurodivergent|
hypoglyca?emic|hyperglyca?emic|hypertensive|narcoleptic|agoraphobic|psychotic|arthritic|rheumatic|hemiplegic|tetraplegic|
dyscalculic|housebound|incontinent|
immunocompromised|immunosuppressed|immune-?compromised|
overweight|obese|underweight|terminally ill|chronically ill|mentally ill|bedridden|concussed|in remission|
in labou?r|in a coma|in rehab|in hospital|in the hospital|in intensive care|in hospice|on dialysis|on chemo|
on antidepressants|on insulin|
on sick leave|on medication|on the pill|on steroids|on antibiotics|on blood thinners|off (?:my|his|her|
their) meds|weeks pregnant|months pregnant|sober|years sober|days sober|in recovery|cancer[ -]free|
in therapy|feverish|contagious|jaundiced|insulin[ -]dependent|
hypertensive|hypothyroid|burnt out|burned out|sectioned|traumati[sz]ed|manic|psychotic|a cancer survivor|
a stroke survivor|a diabetic|an epileptic|a carrier|trans(?:gender)? and on hormones|incontinent|
bleeding(?! money| cash| edge)|
in early labour|in pain|in chronic pain|
type 1 diabetic|type 2 diabetic|wheelchair user|a wheelchair user|a coeliac|a celiac|going blind|going deaf|
losing (?:my|his|her|their) (?:sight|hearing|hair|memory|eyesight)|off sick|hospitali[sz]ed|
addicted to (?!(?:this|that|it|these|the|your|my|watching|playing|reading|chess|gam\\w+|coffee|chocolate|sugar|
netflix|youtube|work|books|tea)\\b)\\w+|
allergic|intubated|anxious all the time|having contractions
"""
MEDICINES = """
insulin|metformin|aspirin|ibuprofen|paracetamol|acetaminophen|tylenol|advil|naproxen|codeine|morphine|
tramadol|oxycodone|oxycontin|fentanyl|methadone|suboxone|prozac|zoloft|lexapro|cipralex|seroquel|xanax|
valium|ativan|klonopin|
lithium|ritalin|adderall|concerta|vyvanse|elvanse|strattera|humira|ozempic|wegovy|mounjaro|viagra|cialis|
warfarin|eliquis|xarelto|heparin|blood thinners?|beta blockers?|statins?|ssris?|antidepressants?|
anti-?depressants|
antipsychotics?|antibiotics?|antihistamines?|steroids?|corticosteroids?|cortisone|prednisone|prednisolone|
methotrexate|levothyroxine|thyroxine|zopiclone|zolpidem|euthyrox|thyroid (?:pills|tablets|medication|meds)|
sleeping pills?|
sleeping tablets|painkillers?|
pain killers?|water tablets|diuretics?|chemo|chemotherapy|radiotherapy|immunotherapy|hormone therapy|
hormone replacement therapy|hrt|the pill|the mini-?pill|birth control|contraceptive pill|ventolin|inhalers?|
an? epipen|epipen|(?-i:PrEP)|antiretrovirals?|(?-i:ART)|testosterone|
estrogen|oestrogen|progesterone|clomid|ivf drugs|iron tablets|iron pills|blood pressure (?:pills|tablets|
medication|meds)|heart (?:pills|tablets|medication)|medication for|meds for|pills for|tablets for|antacids?|
laxatives?|melatonin|lamotrigine|lamictal|
gabapentin|pregabalin|lyrica|topiramate|valproate|depakote|carbamazepine|tegretol|quetiapine|olanzapine|
risperidone|aripiprazole|abilify|clozapine|haloperidol|venlafaxine|effexor|duloxetine|cymbalta|bupropion|
wellbutrin|mirtazapine|trazodone|amitriptyline|
digoxin|furosemide|spironolactone|amlodipine|clopidogrel|allopurinol|colchicine|hydroxychloroquine|
tamoxifen|letrozole|semaglutide|dupixent|imodium|antimalarials|antivirals?|antifungals?|psych meds|
anti-anxiety meds|anxiety meds|meds|my medication|medication|medications
"""
MEDICINE_STEMS = (
    r"[a-z]{3,14}(?:prazole|conazole|dipine|sartan|olol|statin|formin|gliptin|gliflozin|glutide|cillin|"
    r"mycin|cycline|floxacin|"
    r"azepam|azolam|zolam|oxetine|traline|alopram|faxine|tinib|zumab|ximab|umab|tamab|profen|triptan|"
    r"setron|parin|xaban|"
    r"gatran|thiazide|semide|lukast|terol|sone|solone|onide|vudine|tegravir|navir|ciclovir|cyclovir|"
    r"tidine|pramine|triptyline|"
    r"peridol|apine|peridone|piprazole|barbital|caine|codone|morphone|orphan|tadine|zosin|dronate|platin|"
    r"taxel|rubicin|trexate|lamide|stigmine|dopa)"
)
PROCEDURES = """
surgery|operation(?! to| that| mode)|transplant|kidney transplant|liver transplant|heart transplant|
bone marrow transplant|hip replacement|knee replacement|bypass|heart bypass|triple bypass|gastric bypass|
stent|stents|c-section|c section|caesarean|cesarean|abortion|termination|
ivf|biopsy|mri|ct scan|endoscopy|dialysis|chemo|chemotherapy|radiation|radiation therapy|radiotherapy|
root canal|wisdom teeth (?:out|removed)|appendix (?:out|removed)|tonsils (?:out|removed)|gallbladder (?:out|
removed)|blood transfusion|transfusion|knee surgery|back surgery|
heart surgery|brain surgery|eye surgery|open-heart surgery|open heart surgery|gastric sleeve|gastric band|
gastric band surgery|electroshock|ect|stitches|cast|crutches|walking frame|pacemaker|hearing aid|
hearing aids|cochlear implant|prosthesis|prosthetic leg|catheter|stoma|colostomy bag|oxygen tank|
feeding tube|insulin pump|psychotherapy|rehab|physiotherapy|physical therapy|speech therapy|electrolysis|
smear test|mammogram|a mastectomy|double mastectomy|cataract operation|cataract surgery|skin graft|
liver biopsy|heart transplant|amniocentesis|amputation|iud|vasectomy|
lasik|laser eye surgery|sleep study|stress test|allergy test|iron infusion|iron infusions|infusion|
infusions|detox|hospice care|palliative care|cyst removed|mole removed|lump removed|tumou?r removed|
kidney removed|womb removed|leg amputated
"""
PROCEDURE_FORMS = (
    r"(?!microscopy|spectroscopy|anatomy|autonomy|economy)[a-z]{2,20}(?:ectomy|otomy|ostomy|plasty|oscopy|"
    r"ography(?<=mammography|angiography)|centesis)"
)
BODY = """
arms?|legs?|hands?|foot|feet|ankles?|wrists?|knees?|hips?|shoulders?|elbows?|collar ?bones?|neck|back|spine|
ribs?|fingers?|thumbs?|toes?|nose|jaw|skull|pelvis|femur|tibia|fibula|humerus|clavicle|kneecap|
achilles(?: tendon)?|acl|meniscus|ligaments?|tendons?|
hamstrings?|rotator cuff|head|tooth|teeth|gums?|eyes?|ears?|throat|chest|heart|lungs?|liver|kidneys?|
stomach|bowels?|bladder|prostate|uterus|womb|ovary|ovaries|breasts?|appendix|tonsils?|gallbladder|spleen|
pancreas|thyroid|skin|joints?|muscles?|groin|calf|thigh|
shin|heel|tailbone|coccyx|vertebrae?|disc|brain|sinuses|lower back|upper back|knuckles?|eardrum|hearing|
sight|eyesight|sense of smell|sense of taste
"""
CARERS = """
therapists?|psychologist|psychiatrist|psychotherapist|counsell?or|shrink|oncologist|cardiologist|
neurologist|gyna?ecologist|dermatologist|endocrinologist|urologist|rheumatologist|gastroenterologist|
midwife|fertility (?:doctor|specialist|clinic)|physio|physiotherapist|
physical therapist|chiropractor|speech therapist|audiologist|orthop(?:a)?edist|orthop(?:a)?edic surgeon|ent|
surgeon|specialist|pulmonologist|nephrologist|hepatologist|haematologist|hematologist|allergist|dietitian|
dietician|addiction counsell?or|doctor about|doctor for|gp about|gp for|obstetrician|podiatrist|
optometrist about|osteopath
"""
NOT_OF_THINGS = (
    r"(?! (?!(?:thanks|plus|is|as|was|has|his|its|this|us|always|perhaps|sometimes|towards|afterwards|savings|debts|"
    r"loans|taxes|fees|arrears|stocks|shares|bonds|funds|payments|instal?ments|bonus(?:es)?"
    r"|bitcoins?)\b)[a-z]+[a-rt-z]s\b)"
)
"""Of "5k followers", which are no money."""
AMOUNT = (
    r"(?<![\d.,'])(?:(?:[£$€¥₹₽₩]|US\$|A\$|C\$|R\$|CHF|EUR|USD|GBP|Rs\.?|kr\.?|zł|SEK|NOK|DKK|PLN|INR|JPY|"
    r"AUD|CAD|BRL|ZAR) ?\d[\d.,']{0,15}(?:[ \u00a0\u202f]\d{3}(?!\d)){0,3}"
    r"(?: ?(?:k|m|bn|grand|thousand|million|lakhs?|crores?)(?!\w))?|"
    r"(?:\d[\d.,']{0,15}(?:[ \u00a0\u202f]\d{3}(?!\d)){0,3}|"
    r"(?:an? |one |two |three |four |five |six |seven |eight |nine |ten |twelve |"
    r"fifteen |twenty |thirty |forty |fifty |sixty |eighty |several |few |couple(?: of)? |half a |"
    r"\d+ )(?:hundred|thousand|million|grand)(?: \w+)?)(?: ?(?:k|m|grand|hundred|thousand|million|lakhs?|"
    r"crores?|thousands))?(?!\w) ?"
    r"(?:[£$€¥₹]|(?:[a-z]+ )?(?:euros?|dollars?|pounds?|francs?|bucks|quid|grand|kronor|kroner|crowns?|"
    r"rupees?|yen|yuan|reais|real|pesos?|rand|zloty|złoty|złotys|zlotys|lira|forint|roubles|rubles|"
    r"shekels|dirhams?|won|lei|cents|eur|usd|gbp|chf|sek|nok|dkk|pln|inr|lakhs?|crores?|naira|cedis?|shillings?|ksh|kes"
    r"|taka|baht|ringgit|rupiah|dong|riyals?|dinars?|btc|bitcoins?|aud|cad|nzd|zar|brl|hkd|sgd)(?!\w))|"
    rf"\d[\d.,']{{0,15}}(?: ?k| grand| thousand| million| lakhs?| crores?)(?!\w){NOT_OF_THINGS}|"
    r"\d{1,3}(?:[.,]\d{3})+|(?:tens|hundreds) of"
    r" thousands|(?:an? |one |two |three |four |five |six |seven |eight |nine |ten |twelve |fifteen |"
    r"twenty |thirty |forty |fifty |sixty )(?:grand|hundred|thousand)"
    rf"{NOT_OF_THINGS}|six figures)"
)
DEBTS = """
mortgage|rent|loans?|debts?|credit cards?|cards?|overdraft|bills?|payments?|instal?ments?|savings|pension|
401\\(?k\\)?|student loans?|car loan|payday loans?|taxes|arrears|credit|account|retirement (?:fund|savings|
account)|emergency fund|inheritance|house|insurance|alimony|child support|council tax|
electricity|heating|utilities|gas bill|tuition|medical bills|bank account|life insurance|my car|jewellery|
remortgage|nest egg|wedding ring
"""
SAVED_IN = """
savings|saving|savings account|isa|bank|account|current account|checking account|checking|deposit account|
deposit|fixed deposit|stocks?|shares|funds?|index funds?|etfs?|bonds?|premium bonds|crypto|bitcoin|ethereum|
401\\(?k\\)?|ira|roth ira|pension|pension pot|pension fund|sipp|retirement|cash|
brokerage|brokerage account|portfolio|investments?|trust|mattress|credit cards?|cards?|loans?|
student loans?|debts?|debt|arrears|overdraft|mortgage|side|back taxes|unpaid \\w+|medical bills|property|
gold|tfsa|rrsp|depot|tagesgeld|sparkonto|livret a|ppf|mutual funds?|current|revolut|joint account|
emergency fund|medical debt|student debt|credit card debt
"""
FIGURES = """
salary|salaries|wages?|pay|paycheck|take-home|take-home pay|net pay|gross pay|base pay|income|earnings|
pension|savings|net worth|bonus|debts?|overdraft|credit limit|balance|bank balance|account balance|mortgage|
mortgage payments?|loans?|student loans?|rent|alimony|child support|allowance|benefits|disability|
unemployment|inheritance|payout|settlement|redundancy(?: pay(?:out)?)?|
severance|turnover|day rate|hourly rate|commission|tax bill|credit card bill|credit card debt|
credit card balance|portfolio|nest egg|401\\(?k\\)?|isa|annuity|stipend|scholarship|deposit|account|
card balance|monthly (?:payment|income)|repayments?|payslip|tax refund|student debt|car payment|
lifetime savings|life savings|retirement fund|household income|fortune|trust fund|pension pot
"""


def alternatives(words: str) -> str:
    """The words as one regular expression, the longest first."""
    return "|".join(sorted(_each(words), key=len, reverse=True))


_BETWEEN = re.compile(r"\|(?![^()]*\))")
"""A bar that stands in no group; groups are not nested."""


def _each(words: str) -> list[str]:
    joined = " ".join(words.replace("|\n", "|").split())
    return sorted({word for part in _BETWEEN.split(joined) if (word := part.strip())})


def _telling(words: Iterable[str]) -> Iterator[str]:
    """Every word that may stand in one of the phrases and says something by itself, its forms spelt out"
    " loosely."""
    for phrase in words:
        for word in re.findall(
            r"[^\W\d_]+(?:['-][^\W\d_]+)*", re.sub(r"\(\?(?:-i)?:|\\\w|[()?]", " ", phrase)
        ):
            if len(word) > 1 and word.lower() not in _COMMON:
                yield word.lower()


_COMMON = frozenset(
    """
a an my his her the in on of off for or and with to at by out up no all about years year days months weeks
losing going early being having user pain time first second third high low bad broken rare long test eye
knee back hip car house home side gold cash current pay base net gross monthly life card cards account
accounts property trust fund funds deposit gas electricity heating emergency payments payment bill bills
balance commission stock stocks share shares mouse head it was is not one two three type late mother child
support joint day rate hourly half ring mutual retirement limit settlement fortune condition removed
""".split()
)

_HEALTH_VERBS = """
diagnosed|cold|operation|broke|broken|fractured|sprained|tore|torn|twisted|dislocated|injured|ruptured|
allergic|intolerant|
positive|sick|ill|unwell|dying|therapy|hospital|dose|mg|prescribed|pregnant|therapist|relapsed|overdosed|
fainted|collapsed|miscarried|breathe|swallow|walk|hear|tolerate|
digest|hurt|hurts|aches|swollen|numb|inflamed|amputated|removed|infected|gluten|lactose|dairy|lost|suffer|
suffers|suffering|pressure|cholesterol|symptoms|results|scan|vision|eyesight|hearing|period|weight|doctor|
gp|specialist|consultant|seizure|sober|clean|along|sectioned|purges|purging|feeling|baby|drinks|drinking|bottle|aids|ruptured|shattered|inject|mcg|bleeding|icu|aa|hospice|labour|labor|clinic|
deaf|blind|diabetic|asthmatic|epileptic|bipolar|autistic|depressed|anxious|suicidal|disabled|paralysed|
paralyzed|obese|overweight|underweight|alcoholic|addict|addicted|hiv|infertile|menopausal|anaemic|anemic|
coeliac|celiac|self-harm|self-harmed|hospitalised|hospitalized|colour|color|colorblind|colourblind|
contractions|expecting|bp|
burned|burnt|bruised|pulled|threw|medication|meds|pills|tablets|birth
"""
_MONEY_VERBS = """
owe|owes|owed|owing|inherited|inherit|borrowed|gambled|invested|saved|overdrawn|overdrew|bankrupt|
bankruptcy|insolvent|insolvency|broke|skint|maxed|defaulted|evicted|repossessed|foreclosed|garnished|
bailiffs|bailiff|creditors|creditor|collectors|collector|collections|declined|irs|hmrc|taxman|iva|unemployment|
welfare|jobseeker's|dole|remortgaged|refinanced|euros|euro|dollars|pounds|francs|bucks|quid|grand|thousand|
thousands|hundred|hundreds|
million|figures|rupees|kronor|kroner|pesos|rand|yen|lakh|lakhs|crore|drowning|sued|chased|rent|mortgage|
credit|cards|card|bills|electric|electricity|utility|lent|paycheck|penny|cent|wage|red|borrow|unemployment|
balance|refund|cant|can't|couldnt|couldn't|havent|haven't|hasnt|hasn't|afford|behind|tax|taxes|benefits|money|
financial|bank|account|alimony|instalments|
installments|payments
"""


def triggers_of_health() -> Iterator[str]:
    """Words without which no rule about health can match."""
    for words in (CONDITIONS, MEDICINES, PROCEDURES, CARERS, STATES, _HEALTH_VERBS):
        yield from _telling(_each(words))


def triggers_of_money() -> Iterator[str]:
    """Words without which no rule about money can match."""
    for words in (DEBTS, FIGURES, SAVED_IN, _MONEY_VERBS):
        yield from _telling(_each(words))
