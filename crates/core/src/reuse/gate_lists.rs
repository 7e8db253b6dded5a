//! The words that the gate knows. When in doubt a word is in: a question too many that is refused costs a cent.

/// Words that point at something named before.
#[rustfmt::skip]
pub(super) const POINTERS: &[&str] = &[
    "its", "they", "them", "their", "theirs", "this", "these", "those", "he", "him", "his", "she", "her", "hers",
    "same", "above", "below", "previous", "earlier", "another", "such", "former", "latter", "following", "itself",
    "himself", "herself", "themselves", "continue", "repeat", "rewrite", "shorter", "briefly", "aforementioned",
    "mentioned", "attached", "here", "elaborate", "simplify", "summarize", "summarise",
];

/// With "the" in front these speak of something named before.
#[rustfmt::skip]
pub(super) const POINTS_BACK: &[&str] = &[
    "answer", "passage", "picture", "image", "photo", "paragraph", "text", "story", "table", "diagram", "statement",
    "question", "other", "others",
];

/// Phrases that carry on from what was said.
#[rustfmt::skip]
pub(super) const LEANS: &[&str] = &[
    "what about", "how about", "why not", "you said", "you told", "you mentioned", "you wrote", "your answer",
    "last answer", "i said", "we said", "we talked", "last question", "my question", "go on", "tell me more",
    "explain more", "more about", "in that", "as well", "give me example", "give an example", "give examples",
    "any other", "the others", "each of", "both of", "all of", "none of", "translate to", "translate into", "in short",
    "in other words", "answer in", "reply in",
];

/// After "is it" the subject follows.
#[rustfmt::skip]
pub(super) const EXPLETIVE: &[&str] = &[
    "true", "possible", "safe", "good", "bad", "ok", "okay", "right", "wrong", "normal", "important", "necessary",
    "better", "best", "dangerous", "easy", "hard", "difficult", "healthy", "wise", "worth", "useful", "advisable",
    "impossible", "like", "called",
];

/// Words that carry no subject.
#[rustfmt::skip]
pub(super) const FUNCTION: &[&str] = &[
    "what", "how", "why", "when", "where", "who", "which", "whose", "whom", "is", "are", "was", "were", "am", "be",
    "been", "being", "do", "does", "did", "done", "can", "could", "should", "would", "will", "shall", "may", "might",
    "must", "has", "have", "had", "the", "a", "an", "of", "in", "on", "to", "for", "at", "by", "with", "from", "into",
    "about", "between", "than", "as", "and", "or", "but", "if", "so", "not", "no", "yes", "i", "me", "my", "we", "us",
    "our", "you", "your", "it", "there", "please", "kindly", "give", "tell", "show", "get", "much", "many", "long",
    "often", "far", "any", "some", "all", "every", "each", "very", "too", "also", "only", "just", "like", "want",
    "know", "need", "let", "ok", "okay", "thanks", "hi", "hello", "one", "thing", "things", "way", "ways", "make",
    "mean", "means", "define", "explain", "describe", "list", "name", "state", "briefly", "help", "up", "out",
    "before", "after", "during", "without", "through", "because", "then", "while", "until", "sir", "madam",
];

/// Nouns and verbs that are always of something.
#[rustfmt::skip]
pub(super) const GENERIC: &[&str] = &[
    "symptoms", "symptom", "causes", "cause", "caused", "effects", "effect", "affect", "affects", "treatment",
    "treatments", "cure", "cured", "cures", "prevention", "types", "type", "kinds", "kind", "uses", "use", "used",
    "advantages", "advantage", "disadvantages", "disadvantage", "benefits", "benefit", "risks", "risk", "signs",
    "sign", "steps", "step", "parts", "part", "function", "functions", "importance", "important", "meaning",
    "definition", "difference", "differences", "answer", "reason", "reasons", "formula", "solution", "capital",
    "history", "size", "happens", "happen", "happened", "work", "works", "treat", "treated", "prevent", "prevented",
    "stop", "better", "best", "good", "bad", "worse", "worst", "cheaper", "faster", "easier", "example", "examples",
    "detail", "details", "information", "main", "major", "different", "characteristics", "properties", "features",
    "process", "problem", "problems", "disease", "illness", "spread", "spreads", "start", "begin", "grow", "start",
    "find", "buy", "sell", "go", "come", "take", "eat", "people", "person", "words", "word", "option", "point",
    "question", "correct", "true", "false", "right", "wrong", "possible", "called", "found", "located", "place",
    "long-term", "short-term", "dangerous", "safe", "serious", "stages", "stage", "method", "methods", "role",
];

/// Words with which a whole question begins.
#[rustfmt::skip]
pub(super) const OPENERS: &[&str] = &[
    "what", "how", "why", "when", "where", "who", "define", "explain", "describe", "discuss", "is", "are", "does",
    "can", "should", "please", "tell", "hi", "hello", "meaning", "definition",
];

/// Before "i" where a person asks for what anybody may do.
#[rustfmt::skip]
pub(super) const MAY_I: &[&str] = &[
    "do", "can", "should", "could", "would", "must", "may", "will", "shall", "did", "if", "when", "before", "after",
    "where", "how", "what", "that", "once", "while", "please", "hi", "hello", "and", "",
];

/// After "i" where a person tells of themselves.
#[rustfmt::skip]
pub(super) const I_AM: &[&str] = &[
    "am", "was", "have", "had", "feel", "felt", "got", "lost", "weigh", "live", "love", "hate", "owe", "earn",
    "suffer", "vomited", "think", "keep", "work", "study", "stay", "take", "took", "drank", "ate", "slept", "been",
    "bleed", "see", "saw", "hear", "missed", "failed", "cough", "vomit", "use", "used", "paid", "bought", "did",
    "never", "always", "just", "still", "cannot", "met", "like", "dream", "married", "do",
];

/// Of whom or what "my" is never general.
#[rustfmt::skip]
pub(super) const MINE: &[&str] = &[
    "wife", "husband", "son", "daughter", "child", "children", "kid", "kids", "baby", "mother", "father", "mum", "mom",
    "dad", "sister", "brother", "uncle", "aunt", "grandmother", "grandfather", "girlfriend", "boyfriend", "partner",
    "family", "neighbour", "neighbor", "teacher", "boss", "name", "age", "weight", "height", "head", "chest", "stomach",
    "belly", "back", "leg", "arm", "eye", "eyes", "ear", "ears", "skin", "heart", "blood", "body", "period", "periods",
    "penis", "vagina", "breast", "breasts", "tooth", "teeth", "throat", "face", "hair", "nose", "foot", "feet", "hand",
    "hands", "pregnancy", "test", "result", "results", "salary", "money", "balance", "account", "debt", "loan",
    "number", "phone", "password", "pin", "id", "passport", "address", "tribe", "religion", "life", "problem", "pain",
    "marriage", "ex", "friend", "friends", "cousin", "parents", "marks", "case", "status", "plan", "questions",
];

/// A question that begins so tells of its asker, who is left out.
pub(super) const OWN_FIRST: &[&str] =
    &["am", "have", "had", "got", "having", "feel", "feeling", "been", "suffering", "missed"];

/// Words of a person's own state.
#[rustfmt::skip]
pub(super) const OWN_STATE: &[&str] = &[
    "years old", "year old", "months old", "month old", "weeks old", "week old", "days old", "months pregnant",
    "weeks pregnant", "am i", "was i", "have i", "of mine", "we are", "we have", "we were", "we had", "we live",
    "makes me", "hurts me", "hurt me", "bit me", "bites me", "beats me", "beat me", "with me", "happened to me",
    "wrong with me", "i need money", "years of age",
];

/// Before "me" where it only asks.
pub(super) const ASKS_ME: &[&str] = &[
    "tell", "give", "help", "teach", "show", "let", "explain", "send", "to", "for", "excuse", "advise",
    "assist",
];

/// Words of what changes from day to day.
#[rustfmt::skip]
pub(super) const LIVE: &[&str] = &[
    "price", "prices", "priced", "cost", "costs", "fee", "fees", "fare", "weather", "forecast", "news", "result",
    "results", "today", "todays", "today's", "tonight", "tomorrow", "yesterday", "current", "currently", "latest",
    "now", "nowadays", "recent", "recently", "score", "scores", "fixtures", "bitcoin", "upcoming", "curfew",
    "headlines", "trending", "newest", "still", "yet", "presently", "lately", "temperature", "vacancies", "deadline",
    "ongoing", "ceasefire", "updates", "update", "salary", "salaries",
];

/// States of places and things; with a question for a state ("is", "has") they are news.
#[rustfmt::skip]
pub(super) const STATES: &[&str] = &[
    "road", "roads", "airport", "bridge", "border", "open", "opened", "closed", "closing", "blocked", "war", "fighting",
    "flood", "floods", "flooded", "flooding", "shooting", "attack", "attacks", "postponed", "cancelled", "canceled", "strike",
    "insecurity", "peace", "flight", "flights", "fuel", "network", "power", "electricity", "available", "working", "released",
    "exam", "exams", "election", "elections", "school", "schools", "clashes", "outbreak",
];
/// How one asks for a state.
pub(super) const STATE_FIRST: &[&str] = &["is", "are", "has", "have", "was", "were", "will", "did", "does"];

/// Phrases of what changes from day to day.
#[rustfmt::skip]
pub(super) const LIVE_PHRASES: &[&str] = &[
    "this week", "this month", "this year", "this season", "next week", "next month", "next year", "last week",
    "last month", "last year", "right now", "at the moment", "these days", "how much is", "how much are",
    "how much does", "exchange rate", "net worth", "when will", "what time is", "what date", "what day", "so far",
    "security situation", "road open", "is open", "are open", "who won", "who wins", "who will", "how old is",
    "is alive", "next election", "next match", "next president",
];

/// Who holds these today is news.
#[rustfmt::skip]
pub(super) const OFFICES: &[&str] = &[
    "president", "minister", "governor", "mayor", "king", "queen", "pope", "ceo", "coach", "commissioner", "speaker",
    "ambassador", "leader", "chairman", "chairperson", "chancellor", "captain", "manager", "director", "richest",
    "vice-president", "head", "chief", "bishop", "archbishop", "senator", "owner",
];

/// Rates that do not change from day to day.
#[rustfmt::skip]
pub(super) const STEADY_RATES: &[&str] = &[
    "heart", "birth", "death", "growth", "pulse", "respiratory", "reaction", "seed", "germination", "breathing",
    "metabolic", "mortality", "literacy",
];

/// Words of sums that are asked for with figures.
#[rustfmt::skip]
pub(super) const SUMS: &[&str] = &[
    "solve", "calculate", "compute", "evaluate", "simplify", "factorise", "factorize", "differentiate", "integrate",
    "plus", "minus", "times", "divided", "divide", "multiply", "multiplied", "subtract", "add", "sum", "percent",
    "percentage", "squared", "cubed", "root", "equation", "convert", "power", "remainder", "average", "product",
];

/// Curated answers only: doses, danger, violence, law.
#[rustfmt::skip]
pub(super) const SENSITIVE: &[&str] = &[
    "dose", "doses", "dosage", "dosages", "mg", "ml", "tablet", "tablets", "pill", "pills", "overdose", "inject",
    "injection", "injections", "syrup", "abort", "aborting", "abortion", "miscarriage", "suicide", "suicidal", "poison",
    "poisoned", "bomb", "bombs", "gun", "guns", "weapon", "weapons", "explosive", "explosives", "grenade", "ak47",
    "ak-47", "rape", "raped", "rapist", "abuse", "abused", "murder", "murdered", "violence", "arrest", "arrested",
    "court", "lawyer", "sue", "sued", "police", "prison", "jail", "bail", "divorce", "custody", "crime", "criminal",
    "illegal", "cocaine", "heroin", "marijuana", "bhang", "porn", "nude", "naked", "steal", "stealing", "hack",
    "hacking", "bribe", "forge", "revenge", "torture", "kidnap", "rebel", "rebels", "militia", "bleeding", "unconscious",
    "convulsions", "convulsing", "snakebite", "die", "dying", "hang", "self-harm", "cutting", "witchcraft", "blackmail",
    "elope", "sentenced", "guilty", "beat", "stab", "shoot", "hurt",
];

/// Medicine of any kind ...
#[rustfmt::skip]
pub(super) const MEDICINES_AT_ALL: &[&str] = &["medicine", "medicines", "drug", "drugs", "antibiotic", "antibiotics", "painkiller", "painkillers"];
/// ... that somebody is to take.
#[rustfmt::skip]
pub(super) const TAKEN: &[&str] = &["cure", "cures", "treat", "treats", "take", "takes", "taking", "use", "used", "best", "give", "for", "buy", "which"];
/// Parties and their heads.
pub(super) const PARTIES: &[&str] = &["splm", "spla", "splm-io", "splmio", "kiir", "machar", "riek", "salva"];
/// Asks us to choose a side.
#[rustfmt::skip]
pub(super) const CHOOSES_SIDES: &[&str] = &["vote for", "which party", "which tribe", "what tribe", "best tribe", "best party", "better tribe", "worst tribe", "bad tribe"];
/// Peoples ...
#[rustfmt::skip]
pub(super) const PEOPLES: &[&str] = &[
    "dinka", "dinkas", "nuer", "nuers", "shilluk", "murle", "azande", "zande", "bari", "mundari", "equatorian", "equatorians", "tribe",
    "tribes", "arabs", "lotuko", "toposa", "anuak", "acholi", "kakwa", "fertit", "luo", "jieng", "naath",
];
/// ... that are ranked.
#[rustfmt::skip]
pub(super) const RANKS: &[&str] = &[
    "better", "best", "worse", "worst", "good", "bad", "superior", "inferior", "strong", "stronger", "strongest", "hate", "hates",
    "enemy", "enemies", "stupid", "lazy", "clever", "evil", "kill", "than",
];

/// After "kill" these make it more than weeds and flies.
#[rustfmt::skip]
pub(super) const VICTIMS: &[&str] = &[
    "myself", "yourself", "someone", "somebody", "him", "her", "them", "person", "people", "wife", "husband", "man",
    "woman", "men", "women", "child", "children", "baby", "me", "human", "humans", "boy", "girl", "enemy", "dog",
];

/// Medicines; with an amount they ask for a dose.
#[rustfmt::skip]
pub(super) const MEDICINES: &[&str] = &[
    "paracetamol", "panadol", "ibuprofen", "aspirin", "amoxicillin", "coartem", "artemether", "artesunate", "quinine",
    "chloroquine", "fansidar", "metronidazole", "flagyl", "ciprofloxacin", "doxycycline", "septrin", "cotrimoxazole",
    "ampicillin", "penicillin", "ors", "zinc", "albendazole", "mebendazole", "ivermectin", "oxytetracycline",
    "tetracycline", "diclofenac", "tramadol", "diazepam", "insulin", "misoprostol", "postinor", "p2", "medicine",
    "drug", "drugs", "medication", "antibiotics", "antibiotic", "vaccine", "dewormer", "arvs", "arv", "prep", "codeine",
];

/// With a medicine these ask for a dose.
pub(super) const AMOUNTS: &[&str] = &[
    "much", "many", "often", "take", "taking", "give", "giving", "given", "adult", "times", "hours", "daily",
    "mix",
];

/// Phrases that try to command the AI, or the answers of others.
#[rustfmt::skip]
pub(super) const INJECTION: &[&str] = &[
    "ignore previous", "ignore all", "ignore your", "ignore the", "ignore any", "ignore my", "ignore everything",
    "disregard", "system prompt", "your prompt", "you are now", "act as", "pretend", "jailbreak", "developer mode",
    "dan mode", "forget your", "forget all", "forget everything", "forget previous", "reveal your", "your rules",
    "your instructions", "previous instructions", "these instructions", "new instructions", "override", "roleplay",
    "role play", "as an ai", "no restrictions", "without restrictions", "repeat after me", "say exactly",
    "answer only with", "respond only", "reply only", "only reply", "only say", "for everyone", "everyone who asks",
    "from now on", "always answer", "always reply", "always say", "always respond", "remember that",
    "in your answer", "end your answer", "start your answer", "include the", "you must say", "you must answer",
    "you will say", "imagine you", "bypass", "your developer", "your creator", "you have been", "cache", "api key",
];

/// English words by which a text is known as English.
#[rustfmt::skip]
pub(super) const ENGLISH_MARKS: &[&str] = &[
    "what", "how", "why", "when", "where", "who", "which", "whose", "is", "are", "was", "were", "do", "does", "did",
    "can", "could", "should", "would", "will", "the", "of", "for", "with", "from", "about", "between", "and", "or",
    "it", "i", "my", "you", "your", "we", "there", "have", "has", "not", "explain", "define", "describe", "meaning",
    "give", "list", "name", "tell", "discuss", "state", "if", "because", "by", "than", "this", "that", "on", "at",
];

/// Words with which only an English question begins.
#[rustfmt::skip]
pub(super) const ENGLISH_FIRST: &[&str] = &[
    "what", "how", "why", "when", "where", "who", "which", "whose", "is", "are", "does", "did", "can", "could", "should",
    "would", "explain", "define", "describe",
];

/// Words of languages nearby; with one of these a text is not English for sure.
#[rustfmt::skip]
pub(super) const OTHER_MARKS: &[&str] = &[
    "ya", "wa", "kwa", "ni", "nini", "jinsi", "gani", "katika", "je", "vipi", "kuna", "habari", "wangu", "yangu",
    "cha", "wapi", "lini", "nani", "kupanda", "mimi", "wewe", "sana", "kama", "ugonjwa", "mahindi", "mbuzi", "kufanya",
    "que", "les", "des", "est", "pour", "une", "comment", "pourquoi", "quel", "quelle", "como", "para", "por", "der",
    "und", "ist", "wie", "wat", "ye", "ke", "ngu", "eyi", "yin", "raan", "kene", "ee", "yeen", "cï", "mi", "ɛ", "kä",
    "yaa", "kɛ", "nɛy", "ba", "kya", "hai", "mein", "nahi", "kaise", "hota", "ka", "ki",
];

/// Words by which Juba Arabic in Latin letters is known.
#[rustfmt::skip]
pub(super) const JUBA_MARKS: &[&str] = &[
    "shunu", "sunu", "wenu", "munu", "miten", "keif", "kef", "ita", "itakum", "gi", "ketir", "umon", "hasa", "aleshan",
    "ashan", "lesa", "nas", "bita", "ta", "fi", "de", "le", "ana", "bi", "kan", "kede", "kweis", "moya", "akil",
    "marad", "dawa", "bagar", "janub", "mafi", "agder", "azu", "mumkin", "zey", "ma", "kalam", "deris", "madrasa",
];

/// In Juba Arabic: what points back, or tells of the person, or of today.
#[rustfmt::skip]
pub(super) const JUBA_POINTERS: &[&str] =
    &["de", "di", "dak", "huwo", "uo", "humon", "umon", "kaman", "tani", "dol", "hini", "hinak", "wa", "wu", "laken"];
/// Of the person.
pub(super) const JUBA_OWN: &[&str] = &["ana", "tai", "anina", "taanina", "tana"];
/// Of today, or of danger.
#[rustfmt::skip]
pub(super) const JUBA_LIVE: &[&str] = &["hasa", "aleela", "alela", "bukra", "umbari", "seir", "sier", "gurush", "akbar", "kam", "suk"];
/// Curated answers only.
#[rustfmt::skip]
pub(super) const JUBA_SENSITIVE: &[&str] = &["mutu", "kutul", "katul", "bundukia", "bolis", "mahkama", "sijin", "habba", "ibra", "sim", "dom"];

/// In Arabic, folded: what points back.
#[rustfmt::skip]
pub(super) const ARABIC_POINTERS: &[&str] = &[
    "هذا", "هذه", "ذلك", "تلك", "هولاء", "هم", "ايضا", "اكثر", "المزيد", "مثال", "له", "لها", "لهم", "فيه", "فيها",
    "منه", "منها", "عنه", "عنها", "به", "بها", "اياه", "نفسه", "نفسها", "السابق", "اعلاه", "كذلك", "وماذا", "وكيف",
    "ولماذا", "وما", "ومن", "ومتي", "واين", "وهل", "لكن", "غيره", "غيرها", "كمل", "اكمل", "دا", "دي", "ده", "الاخر",
];
/// Words of the person's own.
#[rustfmt::skip]
pub(super) const ARABIC_OWN: &[&str] = &[
    "انا", "عمري", "عندي", "زوجتي", "زوجي", "ابني", "ابنتي", "طفلي", "طفلتي", "بنتي", "ولدي", "امي", "ابي", "اخي",
    "اختي", "بطني", "راسي", "صدري", "ظهري", "جسمي", "دمي", "لي", "لدي", "حامل", "اشعر", "اعاني", "مرضي", "راتبي",
    "اسمي", "نحن", "عندنا", "معي", "حياتي", "مالي", "رقمي", "يولمني", "قلبي", "صديقي", "سني", "وزني",
];
/// Words of today.
#[rustfmt::skip]
pub(super) const ARABIC_LIVE: &[&str] = &[
    "سعر", "اسعار", "السعر", "الاسعار", "بكم", "تكلفه", "اليوم", "الان", "حاليا", "حالي", "الحالي", "اخبار", "الاخبار",
    "طقس", "الطقس", "الدولار", "صرف", "الصرف", "نتيجه", "نتايج", "نتائج", "النتائج", "رييس", "رئيس", "الرئيس", "وزير",
    "الوزير", "محافظ", "حاكم", "غدا", "امس", "احدث", "اخر", "مباراه", "ملك",
];
/// Curated answers only.
#[rustfmt::skip]
pub(super) const ARABIC_SENSITIVE: &[&str] = &[
    "جرعه", "جرعات", "الجرعه", "حبه", "حبوب", "ملغ", "انتحار", "الانتحار", "قتل", "اقتل", "سلاح", "قنبله", "محكمه",
    "المحكمه", "شرطه", "الشرطه", "سجن", "السجن", "طلاق", "الطلاق", "اجهاض", "الاجهاض", "سم", "السم", "اغتصاب", "حقنه",
    "نزيف", "محامي", "مخدرات", "اموت", "الموت", "دواء", "الدواء", "ادويه", "باراسيتامول", "كوارتم",
];
/// Phrases that command.
pub(super) const ARABIC_INJECTION: &[&str] =
    &["تجاهل", "التعليمات", "تعليماتك", "انت الان", "تظاهر", "انس كل", "من الان"];
/// Words that carry no subject.
#[rustfmt::skip]
pub(super) const ARABIC_FUNCTION: &[&str] = &[
    "ما", "ماذا", "كيف", "لماذا", "متي", "اين", "من", "هل", "كم", "ماهو", "ماهي", "هو", "هي", "في", "علي", "الي", "عن",
    "مع", "ان", "لا", "نعم", "او", "و", "كل", "بين", "اشرح", "عرف", "اذكر", "يمكن", "يتم", "التي", "الذي", "يكون", "كان",
];
/// Nouns that are always of something.
#[rustfmt::skip]
pub(super) const ARABIC_GENERIC: &[&str] = &[
    "الاعراض", "اعراض", "الاسباب", "اسباب", "العلاج", "علاج", "الوقايه", "الفرق", "الانواع", "انواع", "الفوايد",
    "الفوائد", "فوائد", "الحل", "معني", "المعني", "طريقه", "الطريقه", "الاجابه", "السبب", "سبب", "المرض",
];
/// Whole words that end like "its".
pub(super) const ARABIC_NOT_ITS: &[&str] =
    &["الله", "مياه", "المياه", "وجه", "الوجه", "فقه", "الفقه", "شبه", "اتجاه", "انتباه", "فواكه", "الفواكه"];
