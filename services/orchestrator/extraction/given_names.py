"""Given names that are common, in small letters: so written, hardly another word is known for one. Pure."""

from __future__ import annotations

GIVEN_NAMES = frozenset(
    """
    aaron abby abdul abdullah abena abeni abigail abril achim ada adam adama adebayo adela adele adelina adem adil
    aditi aditya adnan adrian adriana adrien afonso agata agnes agnieszka agustin ahmad ahmed aidan aiko aileen ainhoa
    aino aisha aisling aitor ajay akash akemi akiko akira akua alain alan alba alban albert albin aldo alejandra
    alejandro aleksandar aleksander aleksandra aleksi alessandra alessandro alessia alex alexander alexandra
    alexandros alexandru alexei alfie alfonso alfred alfredo ali alice alicia alina alisha alison alistair aliya allan
    allison alma almut alois alvaro alya amaia amalia amanda amani amar amara amelia amelie amina amir amit amita amy
    ana ananya anastasia anaya anders andre andrea andreas andreea andrei andrej andres andrew andrzej andy anette
    angela angelika angelina anika anil anisha anita anja anjali anke ann anna anne anneke annelies annemarie annemiek
    annette annika anouk ansgar anthea anthony antje antoine anton antonella antonia antonin antonina antonio antonios
    anwar aoife apinya arash archie ariadne arianna ariel arif arjun armando armin arnaud arne arno arnold artem
    arthur arturo arun arya arzu asa asad asha ashok asif astrid asuka atakan athena aude audrey aurelie aurelio avani
    ayaan ayaka ayan ayesha aylin ayse ayumi azadeh aziz azra babak babette bahar baptiste barbara barbora bart bartek
    bartosz basak bastian batuhan bea beata beatrice beatriz becky bela belen ben benedetta benedikt benita benjamin
    bente beren berkay bernadette bernard bernardo bernd bert berta bertram beth bettina betul bhavna biagio bianca
    bianka bilal birgit bjarne bjoern bjorn blanca blazej bob bogdan bojan boris boudewijn brandon branko brenda
    brendan brian bridget brigid brigitte britta bronwyn bruna brunhilde bruno burak burcu caio caitlin camille cansu
    caoimhe carina carl carla carlo carlos carlota carmela carmelo carmen carol carole caroline cassandra catalina
    catarina cath catherine cathy catia cecile cecilia cecilie cedric celal celia celine cem cemal cengiz cesar ceyda
    chandni chandra chantal charles charlie charlotte chiamaka chiara chidi chika chinedu chinonso chioma chloe chris
    christa christelle christian christiana christiane christina christine christoph christos cian ciara cillian
    cinzia claire clara clarissa claude claudia claudio clemence clemens clement clementine cleo colin concetta
    conchita connor conor constance constantin constanze cora coralie cordula corinna corinne cormac cornelia
    cornelius cosima cosimo craig cristian cristiano cristina cyril dagmar dagny daichi daisuke dalia damian damien
    damir dani daniel daniela danijela danilo danny danuta daphne daria dario darius dariush dariusz darya dave david
    davide davor dean deborah declan deepa deepak deepika defne delphine demet demetrius denise deniz dennis denys
    derek derya desmond detlef devika dhruv diana didier diego dieter dilara dilek dimitra dimitri dimitrios dimitris
    dina dinesh dino dirk diya dmitri dmitriy dmytro dolores domenico dominic dominik dominika dominique donatella
    dorian doris dorota dorothea dorothy dorte duarte duc duncan dursun dusan ebba ebru eckhard ed edda eddie edgar
    edita edith edmund edouard eduard eduarda eduardo edward edwin efua egon eileen eilidh eimear einar eirik eitan
    ekaterina elaine eldar eleanor elena eleni eleonora elham eli elia eliane elias elif elina elio elisa elisabeth
    elisabetta elise eliska elizabeth elke ella ellen ellie elliot elodie eloise elsa elsbeth elton elvira elzbieta
    emanuel emanuele emeka emel emer emil emile emilia emiliano emilie emilio emily emine emma emre enes enid ennio
    enrico enrique eoin erdal erhan eric erica erik erika erin erkan ernesto ernst erwan erwin esin esma esperanza
    esra esteban estefania estelle esther ethan etienne etta eugen eugene eugenia eunice eunji eva evangelia evelina
    evelyn evgeny ewa ewelina ezequiel ezgi fabian fabienne fabio fabiola fabrice fabrizio fadi fahad faisal farah
    farhad farid fatemeh fatih fatima fatma fatou fatoumata faye federica federico felicia felicitas felipe felix femi
    femke ferdinand ferenc fergus fernanda fernando ferran fien filip filipa filippo filiz finn finnian fintan fiona
    fionnuala flavia flavio florentina florian florin folake francesc francesca francesco francine francis francisca
    francisco franco francois francoise frank franz frauke fred freddie frederic frederica frederick frederik freja
    freya frida frieda friederike friedrich fritz frode fumiko funda gabi gabriel gabriela gabriele gabriella gael
    gaelle gaetano gamze gareth gary gaston gauri gavin gayatri geert gemma genevieve gennaro geoff george georgia
    gerald gerard gerardo gerd gerda gerhard gernot gerrit gertrud gheorghe ghislaine giacomo giada gianluca gianna
    gianni gigi gilbert gilberto gilles gina giorgia giorgio giorgos giovanna giovanni gisela giselle gita giulia
    giulietta giulio giuseppe giuseppina gizem glen gloria godfrey gokhan gonzalo goran gordon gosia gottfried
    graciela graham grainne grazia greg greta grzegorz guadalupe gudrun guido guilherme guillaume guillermo guiseppe
    gulsen gunnar gunther gustav guus gwen gwendolyn habib habiba hadiza hafsa hakan hakim hala halima halina hamid
    hamish hamza hana hanako hande hanna hannah hanneke hannelore hanno hans harald haris harriet harry hartmut haruka
    haruki haruto harvey hasan hasmik hassan hatice hayato hazal heather hector hedda hedwig heidi heike heiko heiner
    heinz helen helena helga helge helmut hendrik henriette henrik henrique henry herbert heribert hermann hernan
    hester hikaru hilda hilde himanshu hiroko hiroshi hiroto hoang holger holly honoka horatio horst huda hugo huong
    hussein hye hyun iain ian ibrahim ibtisam ida idris ieva ifeoma ignacio ignacy igor ikram ilaria ilias ilja ilka
    ilker ilona ilse iman imane imogen imran indira ines inga inge ingeborg ingo ingrid inigo ioana ioanna ioannis
    iolanda iqbal irem irene irfan irina irma irmgard isaac isabel isabela isabella isabelle isadora isaiah ishaan
    ishita isidora isla ismael ismail ismet istvan itziar ivan ivana ivo ivona iwona iza izabela jacek jacinta jack
    jacob jacopo jacques jadwiga jaime jake jakob jakub jamal james jamie jamila jan jana jane janet janice janina
    janine janis jannik janos janusz jarek jarmila jaroslav jasmin jasmine jason jasper javad javi javier jaya jayesh
    jayne jean jeanette jeanne jeannine jeff jelena jelle jennifer jenny jens jeongho jeremiah jeremie jeremy jerome
    jerzy jesper jess jessica jesus jette jihoon jill jim jimena jinhee jiri jitka jiwoo joachim joan joana joanna
    joanne joao joaquim joaquin jobst jocelyn jochen joe joel joelle joerg johan johann johanna johannah johannes john
    jolanda jolanta jonah jonas jonathan jonna joost jorge joris josef josefa josefina josefine joseph josephine josh
    joshua josie josip joszef jovana joyce juan juana juanita judit judith judy julia julian juliane julianne juliano
    julie julien juliet juliette julio julius junaid junichi junko jurgen jussi justin justine justyna jutta kaan
    kacper kadir kaisa kaito kalina kamal kamil kamila karen karim karima karin karina karl karla karol karolina
    karoline karsten karthik kasia kaspar kassandra katarina katarzyna kate katerina katharina katharine katherine
    kathrin kathy katie katinka katja katka katrin katsumi katy katya kaveh kavita kavya kay kazuki keiko keisha keith
    kelechi kelly kemal ken kenan kenji kenneth kenta kerem kerstin kevin kevser khadija khaled khalid khalil kiki
    kilian kim kimberly kinga kirill kirsi kirsten kirsty kjell klaas klara klaudia klaus kofi konrad konstantin
    konstantina korbinian krishna kristian kristiina kristin kristina kristof kristoffer krystyna krzysztof kseniya
    kubra kunal kurt kwabena kwadwo kwaku kwame kwasi kyle kyoko laila lakshmi lalita lamine lana lara larissa lars
    lasse laszlo latifa laura lauren laurence laurent laurentiu lavinia layla lea leah leandro leanne lee leena leif
    leila lena lenka lenny leo leocadia leon leonard leonardo leonhard leonie leonor leopold leszek leticia levent
    levi lexi leyla liam lidia lieke liesbeth lieselotte ligia lilia lilian liliana lilly lina linda lindsay linnea
    linus lionel lisa lisanne lisbeth livia liz ljubica logan loic lola loredana lorena lorenzo loretta lorna lotte
    lottie louis louisa louise luana lubomir luca lucas lucia luciana luciano lucie lucien lucija lucy ludmila ludovic
    ludwig luigi luis luisa lukas lukasz luke lulu luna luther lutz luzia lydia lydie lyudmila maarten maciej madalena
    maddalena maddie madeleine madeline madhav madina mads maeve magali magda magdalena magnus mahmoud mahmut mai
    maialen maike maisie maja majid makoto malak malgorzata malik malika malin malina malte mamadou manasi mandla
    manfred manish manoj manon mansour manuel manuela mara marc marcel marcela marcelo marcia marcin marco marcus
    mareike marek maren margaret margarida margarita margaux margherita margit margot marguerite mari maria mariam
    mariama mariana marianna marianne maribel marie marieke marielle marija marijke marike mariko marilena marilyn
    marina mario marisa marisol maristella marit marius marjan marjorie mark marketa marko markus marlene marlies
    marlon marta marten martha marthe martin martina martine martyna marwa mary maryam maryse masako masato masha
    massimo matej mateja mateo mateusz mathias mathieu mathilda mathilde mathis matilda matilde matteo matthew
    matthias matthijs mattia maud maura maureen maurice mauricio maurizio mauro maxime maximilian maya meera megan
    megha mehdi mehmet mehwish mei meike meinhard melania melanie melek melina melisa melissa melvin meret merete
    meriem merve meryem mette mia micaela michael michaela michal michalis michel michele michelle michiel mieke
    miguel miguela mihaela mihai mika mikael mikaela mike mikhail miko mikolaj mila milena milica millie milos mimi
    mina minako minh minu mioara mira mireia mireille mirela miriam mirjam mirko miro miroslav misaki mitra miyu
    mladen moana modou moeko mohamed mohammad mohammed mohan mohsin moira molly mona monica monika monique montserrat
    morag moritz moses mostafa mourad mubarak muhammad mukesh munira murat muriel mustafa myriam myrna nabil nadezhda
    nadia nadine nadira nadja nancy naoki naoko naomi narges nasrin natalia natalie natasa natasha nathalie nathan
    nathaniel navid nazanin nazli neda neel neele neha neil nelly nenad nerea neriman nesrin neus ngozi nguyen nia
    niamh nicholas nick nicola nicolai nicolas nicole nicoletta nicolo niels nienke nigel niina nikhil niki nikita
    niklas nikola nikolai nikolaos nikos nils nilufer nimrod nina nino nisha nita nitin nives njoki noah noam noel
    noelia noemi nokuthula nomvula nonna noor nora norbert noriko norma nour nuala nuno nuria nurten nwosu obinna
    octavia octavio odile odin ofelia oihane oksana olaf oleg olena olga oliver olivera olivia olivier olof oluwaseun
    omar omer ondrej onur orhan oriol orla orlando orsolya ortrud oscar oskar oskari oswald otilia otmar ottilie otto
    oumar oumou owen ozan ozge ozgur ozlem pablo padma padraig paloma pamela panagiotis pankaj paola paolina paolo
    parisa parvati pascal pascale pasquale patricia patricio patrick patrik patrizia patrycja paul paula pauliina
    paulina pauline paulo pavel pavla pawel peder pedro pekka penelope pepe petar peter petr petra petros phil philip
    philippa philippe philomena phoebe pia piero pierre pieter pilar piotr pooja poonam pradeep prakash pranav prasad
    preeti priya przemyslaw purvi quentin quirin rabia rachel radek radka radomir radu rafael rafaela rafal raffaele
    raffaella rafiq raghav rahel rahima rahul raimund rainer raisa raj rajesh rajiv rakesh ralf ralph ramiro ramon
    ramona rana randi rania raquel rashid rashida rasmus raul rebeca rebecca rebekka regina reginald regine reiko
    reinhard reinhild remi remy rena renata renate renato renaud rene reza rhys ria ricarda ricardo riccardo richa
    richard rieke riikka rikako riku riley rina rishi rita riya rob robbie robert roberta roberto robin rocio roderick
    rodolfo rodrigo roelof rogelio rohan rohit roisin roland rolf romain romana romina romy ronan ronja rory rosa
    rosalia rosalie rosalind rosanna rosemarie rosie rosina ross roswitha rowena roxana roxane rozalia ruben rudi
    rudolf rui rukmini ruslan russell ruta ruth ruud ryan saba sabina sabine sabrina sachiko sadia saeed safiya sahar
    sakiko sakshi sakura salah saleh salim sally salma salvador salvatore sam samantha samina samir samira samuel sana
    sandeep sander sandhya sandra sandrine sangita sanja sanjay sanne santiago saoirse saori sara sarah sascha sasha
    saskia satoko satoshi saverio saviana saya scarlett scott sean sebastian sebnem seda selda selim selina selma
    senem seong serafina serap serena serge sergei sergio serhat serhiy serkan severin sevgi seyit shabnam shahid
    shahrzad shakira shane shanti sharmila sharon shaun shauna shazia sheena sheila shilpa shinji shiori shirin
    shirley shiva shivani shreya shruti shun siavash sibel siddharth sidonie siegfried sieglinde sigrid sigurd silas
    silke silvana silvia silvija silvio simeon simon simona simone simonetta sina sindre sinead sinem siobhan sipho
    sissel siti slavica slawomir sofia sofie sohail soichi solange soledad solene solveig sonal soner songul sonia
    sonja soojin sophia sophie soraya soren sota spyros srinivas stanislav stanislaw stavros stefan stefania stefanie
    stefano stefanos steffen stelios stella stephan stephane stephanie stephen steve steven stijn stina stine stuart
    sue sujata suleyman sultana sumit sunil sunita suraj suresh surya susan susana susann susanna susanne sushma
    suzana suzanna suzanne suzette svea sven svenja svetlana swati sybil sylvain sylvia sylvie tabea tadeusz taeko
    tahir taiwo takashi takeshi talia tamar tamara tamas tania tanisha tanja tanvi tara tarek tarik tariq tatiana
    tatjana tatsuya ted teo teodor teresa tereza terezie tessa thabo thandi thanh theo theodora theodore theresa
    therese thiago thibault thilo thomas thomasz thoralf thorsten thuy tiago tiffany tilda tilman tim timea timo timur
    tina tiziana tjark tobi tobias tobiasz todd tolga tom tomas tomasso tomasz tomislav tomoko toni tony tordis
    torsten toshiko tracy traian travis tristan trond trude tsvetana tudor tugba tuomas tuukka tyrone tzipora udo ugur
    ulf uliana ulla ulrich ulrike umar umberto umit umut urs ursula urszula usha uta ute uwe vaibhav valentin
    valentina valentino valeria valerie valerio valter vanda vanessa vanja varun vasile vasilis vasudha vedat veerle
    veit velma venkat vera verena veronica vesna vibeke vicente vicky victoire victor victoria vidya viggo vijay
    vikram viktor viktoria vilma vincent vincenzo vinod viola violeta violetta virginie vishal visnja vittoria
    vittorio vivek vivian viviana vivien vlad vladimir vladislav vojtech volkan volker waldemar walid walter waltraud
    wanda wanjiru waseem wassim wei wenche wendelin wendy wenzel werner wiebke wiktor wiktoria wilfried wilhelm
    wilhelmina willem willemijn william wim winfried winifred wojciech wolfgang wolfram wout xander xavi xavier xenia
    ximena xinyi yaara yael yagmur yair yamina yan yana yannick yannis yara yasemin yash yasir yasmin yasmina yasuko
    yavuz yevgeny yiannis yigit yoko yolanda yosef yoshiko yuichi yuki yukiko yuliya yuna yuri yuriko yusra yusuf yuto
    yuval yves yvette yvonne zahra zainab zakaria zaki zara zbigniew zdenek zehra zelda zeljko zeynep zhanna zoe zofia
    zohra zoltan zora zoran zsofia zubair zuleika zuzana zuzanna
    """.split()
)
UNMISTAKABLE = GIVEN_NAMES - frozenset("dean frank heather holly jack josh mark rob robin sue victor".split())
"""Those that are names also where a sentence has other words in their place: not "mark my words"."""
