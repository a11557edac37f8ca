"""Given names that are common, in small letters: so written, hardly another word is known for one. Pure."""

from __future__ import annotations

GIVEN_NAMES = frozenset(
    """
    aaron abby abdoulaye abdul abdullah abena abeni abigail abimbola abril achim ada adaeze adam adama adaora adebayo
    adela adele adelina adem adetokunbo adil aditi aditya adnan adrian adriana adrien adwoa afia afonso agata agnes
    agnieszka agustin ahmad ahmed ahmet aidan aigul aiko aileen ailsa aine ainhoa aino aisha aisling aissatou aitor
    ajay akash akemi akiko akinyi akira akosua akua alain alan alasdair alba alban albert albin aldo alejandra
    alejandro alejo aleksandar aleksander aleksandra aleksi alessandra alessandro alessia alesya alex alexander
    alexandra alexandros alexandru alexei alfie alfonso alfred alfredo ali alice alicia alida alim alina aliou alioune
    alisha alison alistair aliya allan allison alma almut alois alun alvaro alwyn alya amadou amaia amaka amalia amanda
    amani amar amara amare amaya ambrose amelia amelie amina aminata amir amit amita amoke amy amélie ana ananya
    anastasia anaya anaïs anders andile andre andrea andreas andreea andrei andrej andres andrew andrzej andré andrés
    andy aneta anette angela angelika angelina anh aniela anika anil anisa anisha anita anja anjali anke ann anna
    annabel annabelle anne anneke anneli annelies annelise annemarie annemiek annette annika anouar anouk ansgar anthea
    anthony antje antoine anton antonella antonia antonin antonina antonio antonios antti anuja anwar anya aoi aoibhe
    aoife apinya apolline araceli aram arash archie ariadne arianna ariel arif arjun arlo arman armando armin arnaud
    arnav arne arno arnold artem arthur arturo arun arvo arya arzu asa asad asha ashok asif asmaa assia astou astrid
    asuka atakan athena atticus aude audra audrey aurelia aurelie aurelio avani ayaan ayaka ayan ayanda ayesha aylin
    ayodele ayse ayumi azadeh aziz azra babak babette badr bahar bandile baptiste baran barbara barbora barnaby bart
    bartek bartosz basak bashir basma bastian batuhan bea beata beatrice beatriz becky begum bela belen ben benedetta
    benedikt benita benjamin benoit bente beren berkay bernadette bernard bernardo bernd bert berta bertha bertram beth
    bettina betul beulah bhavesh bhavna biagio bianca bianka bilal birgit birgitta biruta bjarne bjoern bjork bjorn
    björn blanca blazej boaz bob bogdan bojan bongani boris bosco boudewijn brandon branko branwen brenda brendan brian
    bridget brigid brigitte britta bronwyn bruna brunhilde bruno bryn bukola burak burcu caio caitlin caleb callum
    calvin camila camille cansu caoimhe carina carl carla carlo carlos carlota carmela carmelo carmen carol carole
    caroline carys caspar cassandra catalina catarina cath catherine cathy catia catriona cecile cecilia cecilie cedric
    celal celia celine cem cemal cengiz cerys cesar ceyda chandni chandra chantal charles charlie charlotte chiamaka
    chiara chidi chidinma chika chimamanda chinedu chinonso chioma chisom chloe chloé chloë chris christa christelle
    christian christiana christiane christina christine christoph christos chukwuma cian ciara cillian cinzia claire
    clara clarice clarissa claude claudette claudia claudio clemence clemens clement clementine cleo clive clyde colin
    collin concetta conchita connie connor conor constance constantin constanze cora coralie cordula corentin corinna
    corinne cormac cornelia cornelius cosima cosimo craig cristian cristiano cristina cyril cyrus dafydd dagmar dagny
    daichi daisuke dalia damian damien damir dani daniel daniela danijela danika danilo danny danuta daphne darcy daria
    dario darius dariush dariusz darryl darya dave david davide davor dean deborah declan deepa deepak deepika deepti
    defne delia delphine delroy demba demet demetrius denise deniz dennis denys derek derrick derya desiree desmond
    detlef devika dewi dhruv diana diarmuid didier diego dieter dilara dilek dimitra dimitri dimitrios dimitris dina
    dinah dinesh dino dirk divya diya djamila dmitri dmitriy dmytro dolores domenico dominic dominik dominika dominique
    donatella dorcas doreen dorian doris dorota dorothea dorothy dorte douglas duarte duc duncan dursun dusan dwayne
    ebba ebru eckhard ed edda eddie edgar edita edith edmund edna edouard eduard eduarda eduardo edward edwin efua egon
    eileen eilidh eimear einar eirik eitan eithne ekaterina ekene elaheh elaine eldar eleanor elena eleni eleonora
    eleri elettra elham eli elia eliane elias elif elijah elina elio elisa elisabeth elisabetta elise eliska elizabeth
    elke ella ellen ellie elliot elodie eloise elsa elsbeth elspeth elton elvira elzbieta emanuel emanuele emeka emel
    emer emil emile emilia emiliano emilie emilio emily emine emma emmanuel emmett emre enes enid eniola ennio enrico
    enrique eoin erdal erhan eric erica erik erika erin erkan ernest ernesto ernst ervin erwan erwin esin esma esme
    esmé esperanza esra esteban estefania estelle ester esther ethan etienne etta ettore euan eugen eugene eugenia
    eunice eunji eva evan evangelia evelina evelyn everett evgeny ewa ewelina ezekiel ezequiel ezgi ezinne ezra fabian
    fabienne fabio fabiola fabrice fabrizio fadi fadil fahad faisal farah farhad farid faride farouk farzana fatemeh
    fatih fatima fatma fatou fatoumata faye federica federico felicia felicitas felipe felix femi femke ferdinand
    ferenc fergus fernanda fernando ferran ffion fidel fien filip filipa filippo filiz fineas finlay finn finnian
    fintan fiona fionnuala flavia flavio florentina florian florin fola folake folasade francesc francesca francesco
    francine francis francisca francisco franco francois francoise frank franz frauke fred freddie frederic frederica
    frederick frederik freja freya frida frieda friederike friedrich fritz frode fumiko funda fyodor gabi gabriel
    gabriela gabriele gabriella gael gaelle gaetano gamze gareth garrett gary gaston gauri gavin gayatri geert gemma
    genevieve gennaro geoff george georgia geraint gerald gerard gerardo gerd gerda gerhard gernot gerrit gertrud
    gethin ghassan gheorghe ghislaine giacomo giada gianluca gianna gianni gideon gigi gilbert gilberto gilles gina
    giorgia giorgio giorgos giovanna giovanni gisela giselle gita giulia giulietta giulio giuseppe giuseppina gizem
    gladys glen glenn gloria godfrey gokhan gonzalo goran gordon gosia gottfried graciela graham grainne grazia greg
    gregory greta gretchen grzegorz guadalupe gudrun guido guilherme guillaume guillermo guiseppe gulnara gulsen gunnar
    gunther gustav guus gwen gwendolyn günther habib habiba hadiza hadley hafsa haider hajar hakan hakim hala halima
    halina hamid hamish hamza hana hanako hande hanna hannah hanneke hannelore hanno hans harald haris harish harriet
    harry hartmut haruka haruki haruto harvey hasan hasmik hassan hatice hattie hayato hazal hazim heather hector hedda
    hedwig heidi heike heiko heiner heinz helen helena helga helge helmut heloise hendrik henk henriette henrik
    henrique henry herbert heribert hermann hernan hester hikaru hilary hilda hilde himanshu hiroko hiroshi hiroto
    hoang hodan holger holly honoka horatio horst huda hugo huong hussein hye hyun hélène iain ian ibrahim ibtisam ida
    idris ieva ifeanyi ifeoma ignacio ignacy ignatius igor ihsan ikechukwu iker ikram ilaria ilias ilir ilja ilka ilkay
    ilker ilona ilse ilyas iman imane imani imogen imran indira ines inga inge ingeborg inger ingo ingrid inigo ioana
    ioanna ioannis iolanda iqbal irem irene irfan irina irma irmgard isaac isabel isabela isabella isabelle isadora
    isaiah ishaan ishaq ishita isidora isla ismael ismail ismet istvan itzel itziar ivan ivana ivo ivona ivor iwona iza
    izabela jabari jacek jacinta jack jacob jacopo jacques jadwiga jaime jake jakob jakub jamal james jamie jamila jan
    jana jane janelle janet janice janina janine janis jannik janos janusz jared jarek jarmila jaroslav jasmin jasmine
    jason jasper javad javi javier jaya jayesh jayne jean jeanette jeanne jeannine jedrzej jeff jeffrey jelena jelle
    jenna jennifer jenny jens jeongho jeremiah jeremie jeremy jerome jerzy jesper jess jessica jesus jesús jette
    jianguo jihoon jill jim jimena jinhee jiri jitka jiwoo joachim joan joana joanna joanne joao joaquim joaquin
    joaquín jobst jocelyn jochen joe joel joelle joerg johan johann johanna johannah johannes john jolanda jolanta
    jonah jonas jonathan jonna joost jorge joris josef josefa josefina josefine joseph josephine josh joshua josiah
    josie josip joszef josé jovana joyce juan juana juanita judit judith judy julia julian juliane julianne juliano
    julie julien juliet juliette julio julius junaid junichi junko jurgen jussi justin justine justyna jutta jérôme
    jörg jürgen kaan kacper kadir kaisa kaito kalina kalpana kamal kamil kamila kareem karen karim karima karin karina
    karl karla karol karolina karoline karsten karthik kasia kaspar kassandra katarina katarzyna kate katerina kateryna
    katharina katharine katherine kathrin kathryn kathy katie katinka katja katka katrin katsumi katy katya kaveh
    kavita kavya kay kayla kayode kazuki keanu keiko keisha keith kelechi kelly kemal kemi ken kenan kenji kenneth
    kenta kerem kerstin kevin kevser khadija khaled khalid khalil kian kieran kiki kilian kim kimberly kinga kiran
    kirill kirsi kirsten kirsty kjell klaas klara klaudia klaus kofi kojo kolya konrad konstantin konstantina korbinian
    krishna kristian kristiina kristin kristina kristjan kristof kristoffer krystyna krzysztof kseniya kubra kunal kurt
    kwabena kwadwo kwaku kwame kwasi kyle kylie kyoko käthe lachlan laila lakshmi lalita lamar lamine lana lanre lara
    larissa lars lasse laszlo latifa latisha laura lauren laurence laurent laurentiu lauryn lavinia layla lea leah
    leandro leanne lee leena leif leila leland lena lenka lenny leo leocadia leon leonard leonardo leonhard leonie
    leonor leopold leroy lesedi leszek leticia levent levi lexi leyla liam lianne lidia lieke liesbeth lieselotte ligia
    lila lilia lilian liliana lilja lilliana lilly lina linda lindiwe lindsay linnea linus lionel lisa lisanne lisbeth
    livia liz ljubica llewellyn logan loic lola loredana lorena lorenzo loretta lorna lorraine lotte lottie louis
    louisa louise luana lubomir luca lucas lucia luciana luciano lucie lucien lucija lucille lucinda lucy lucía ludmila
    ludovic ludwig luigi luis luisa lukas lukasz luke lulu luna luther lutz luzia lwazi lydia lydie lyudmila léa
    maarten mabel maciej madalena maddalena maddie madeleine madeline madhav madina mads maeve magali magda magdalena
    magnus mahmoud mahmut mai maia maialen maike maisie maja majid makoto malachi malak malgorzata malik malika malin
    malina malte mamadou manasi mandla manfred manish manoj manon mansour manuel manuela mara marc marcel marcela
    marcelo marcia marcin marco marcus mareike marek maren margaret margarida margarita margaux margherita margit
    margot marguerite mari maria mariam mariama mariana marianna marianne maribel marie marieke marielle marija marijke
    marike mariko marilena marilyn marina mario marisa marisol maristella marit marius marjan marjorie mark marketa
    marko markus marlene marlies marlon marta marten martha marthe martin martina martine martyna martín marvin marwa
    mary maryam maryse maría masako masato masha massimo matej mateja mateo mateusz mathias mathieu mathilda mathilde
    mathis matilda matilde matteo matthew matthias matthijs mattia mattias maud maura maureen maurice mauricio
    max maurizio
    mauro mavis maxime maximilian maya mbali meera megan megha mehdi mehmet mehwish mei meike meinhard melania melanie
    melek melina melisa melissa melvin meredith meret merete meriem merve meryem mette mfoniso mia micaela micah
    michael michaela michal michalis michel michele michelle michiel mieke miguel miguela mihaela mihai mika mikael
    mikaela mike mikhail miko mikolaj mila milena milica millicent millie milos mimi mina minako minh minu mioara mira
    mireia mireille mirela miriam mirjam mirko miro miroslav misaki mitra mitsuki miyu mladen moana modou moeko mohamed
    mohammad mohammed mohan mohsin moira moises molly mona monica monika monique montserrat morag morgane moritz morten
    moses mostafa mouna mourad moussa mubarak muhammad mukesh munira murat muriel mustafa mwangi myriam myrna nabil
    nadezhda nadia nadine nadira nadja nancy naoki naoko naomi narges nasreen nasrin natalia natalie natasa natasha
    nathalie nathan nathaniel natsuki navid nazanin nazli ndidi neda neel neele neema neha neil nelly nenad nerea
    neriman nesrin nesrine neus neville ngozi nguyen nia niall niamh nicholas nick nicola nicolai nicolas nicole
    nicoletta nicolo niels nienke nigel niina nikhil niki nikita niklas nikola nikolai nikolaos nikos nils nilufar
    nilufer nimrod nina nino nisha nita nitin nives njoki nneka noah noam noel noelia noemi nokuthula nolan nomvula
    nonna noor nora norbert noriko norma nour noémie nuala nuno nura nuria nurten nwosu obinna octavia octavio odile
    odin odysseas ofelia oihane oksana olaf olamide oleg olena olga oliver olivera olivia olivier olof oluwaseun omar
    omari omer ondrej onur onyeka oona oren orhan oriol orla orlando orsolya ortrud oscar oskar oskari osman oswald
    otilia otis otmar ottilie otto oumar oumou owen oyinkan ozan ozge ozgur ozlem pablo padma padraig paige paloma
    pamela panagiotis pankaj paola paolina paolo parisa parvati parveen pascal pascale pasquale patricia patricio
    patrick patrik patrizia patrycja paul paula pauliina paulina pauline paulo pavel pavla pawel peder pedro peggy
    pekka pelle penelope pepe perpetua petar pete peter petr petra petros phil philip philippa philippe philomena
    phoebe phyllis pia piero pierre pieter pilar piotr pippa pooja poonam pradeep prakash pranav prasad preeti priya
    priyanka przemyslaw purvi quentin quincy quirin rabia rachel rachid radek radka radomir radu rafael rafaela rafal
    raffaele raffaella rafiq raghav rahel rahim rahima rahul raimund rainer raisa raj rajesh rajiv rakesh ralf ralph
    ramesh ramiro ramon ramona ramón rana randall randi rania ranjit raoul raquel rashid rashida rasmus raul ravindra
    raymond rebeca rebecca rebekah rebekka reggie regina reginald regine reiko reinhard reinhild remi remy rena renata
    renate renato renaud rene rené renée rex reza rhiannon rhona rhys ria ricarda ricardo riccardo richa richard rieke
    riikka rikako riku riley rina rishi rita riya rob robbie robert roberta roberto robin rocio roderick rodolfo
    rodrigo roelof rogelio rohan rohit roisin roland rolf romain romana romina romy ronan ronja rory rosa rosalia
    rosalie rosalind rosamund rosanna rosemarie roshan rosie rosina ross roswitha rowena roxana roxane roxy rozalia
    ruairi ruben rudi rudolf rui rukhsana rukmini rupert ruqayyah ruslan russell ruta ruth ruud ryan ryo saba sabina
    sabine sabrina sachiko sadia saeed safiya sagal sahar saif sakiko sakshi sakura salah saleh salim sally salma
    salome salvador salvatore sam samantha samina samir samira samson samuel sana sandeep sander sandhya sandra
    sandrine sangita sanja sanjay sanne santiago saoirse saori sara sarah sarita sascha sasha saskia satoko satoshi
    saverio saviana saya scarlett scott seamus sean sebastian sebnem seda selda selena selim selina selma senem seong
    serafina serap serena serge sergei sergio serhat serhiy serkan seth severin sevgi seyit shabana shabnam shahid
    shahrzad shakira shane shanelle shanice shanti sharif sharmila sharon shaun shauna shawn shazia sheena sheila
    shilpa shinji shiori shireen shirin shirley shiva shivani shona shreya shruti shun siavash sibel sibusiso siddharth
    sidonie siegfried sieglinde sigmund sigrid sigurd silas silke silvana silvester silvia silvija silvio simeon simon
    simona simone simonetta simran sina sinazo sindre sinead sinem siobhan sipho sissel siti siyabonga slavica slawomir
    sofia sofie sofya sofía sohail soichi solange soledad solene solveig sonal soner songul sonia sonja soojin sophia
    sophie sophus soraya soren sota soumaya spyros srinivas stacey stanislav stanislaw stavros stefan stefania stefanie
    stefano stefanos steffen stelios stella stellan stephan stephane stephanie stephen stephon steve steven stijn stina
    stine stuart sue sujata sukhdeep suki suleyman sultana sumit sunil sunita sunniva suraj suresh surya susan susana
    susann susanna susanne sushma suzana suzanna suzanne suzette svea sven svenja svetlana swati sybil syed sylvain
    sylvester sylvia sylvie sébastien søren tabea tabitha tadeusz tadhg taeko tahir taiwo takashi takeshi takumi talia
    talitha tallulah tamar tamara tamas tamsin tania tanisha tanja tanvi tanvir tara tarek tarik tariq tatiana tatjana
    tatsuya ted temi temitope teo teodor terence teresa tereza terezie terje tessa thabo thaddeus thandeka thandi
    thandiwe thanh thea thelma theo theodora theodore theresa therese thiago thibault thilo thomas thomasz thoralf
    thorsten thuy tiago tiffany tiina tijana tilda tilman tim timea timo timothy timur tina titilayo tiziana tjark tobi
    tobias tobiasz todd tolga tolu tom tomas tomasso tomasz tomislav tommaso tomoko toni tony torbjorn tordis toril
    torsten toshiko tracy traian travis trevor trisha tristan tristram trond trude trudy tshepo tsvetana tudor tugba
    tuomas tuukka tuva tyrone tzipora udo ugur ulf uliana ulla ulrich ulrika ulrike umar umberto umit umut unathi uriel
    urs ursula urszula usha usman uta ute uwe vadim vaibhav valdis valentin valentina valentino valeria valerie valerio
    valeriy valter vanda vanessa vanja varun vasco vasile vasilis vasudha vaughn vedat veera veerle veit velma venkat
    vera verena veronica vesa vesna vibeke vicente vicky victoire victor victoria vidya viggo vijay vikram viktor
    viktoria vilhelm vilma vincent vincenzo vinod viola violeta violetta virgil virginie vishal visnja vittoria
    vittorio vivek vivian viviana vivien vivienne vlad vladimir vladislav vojtech volkan volker volodymyr vusi waldemar
    walid walter waltraud wanda wangari wanjiru waseem wassim wei wenche wendelin wendy wenzel werner wesley wiebke
    wiktor wiktoria wilbur wilfried wilhelm wilhelmina willem willemijn william wilma wim winfried winifred wojciech
    wolfgang wolfram wout wyatt xander xavi xavier xenia ximena xinyi xolani yaara yael yagmur yahya yair yamina yan
    yana yannick yannis yara yaroslav yasemin yash yasir yasmin yasmina yasmine yasuko yavuz yemi yevgenia yevgeny
    yewande yiannis yigit yoko yolanda yolande yonas yosef yoshiko yosra younes yousef youssef yuichi yuki yukiko
    yuliya yuna yuri yuriko yusra yusuf yuto yuval yves yvette yvonne zach zachary zahra zaid zainab zakaria zaki
    zander zanele zara zaynab zbigniew zdenek zehra zelda zeljko zelma zeno zenobia zeynep zhanna zhen zinaida zineb
    zoe zofia zohra zoltan zora zoran zoé zoë zsofia zsolt zubair zuleika zuleikha zuri zuzana zuzanna åke åsa øyvind
    """.split()
)
UNMISTAKABLE = GIVEN_NAMES - frozenset(
    "dean frank heather holly jack josh mark max rob robin sue victor".split()
)
"""Those that are names also where a sentence has other words in their place: not "mark my words"."""
