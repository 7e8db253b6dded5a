//! The words that the normaliser knows. The gate's stand in `gate_lists.rs`.
//!
//! A word that is missing costs a hit; a word too many can cost a wrong answer.

use super::speech::Manners;

/// One word for two.
#[rustfmt::skip]
pub(super) const CONTRACTIONS: &[(&str, &str, &str)] = &[
    ("what's", "what", "is"), ("whats", "what", "is"), ("wats", "what", "is"), ("how's", "how", "is"),
    ("hows", "how", "is"), ("who's", "who", "is"), ("where's", "where", "is"), ("wheres", "where", "is"),
    ("when's", "when", "is"), ("why's", "why", "is"), ("it's", "it", "is"), ("that's", "that", "is"),
    ("thats", "that", "is"), ("there's", "there", "is"), ("he's", "he", "is"), ("she's", "she", "is"),
    ("here's", "here", "is"), ("let's", "let", "us"), ("i'm", "i", "am"), ("im", "i", "am"), ("iam", "i", "am"),
    ("ive", "i", "have"), ("can't", "can", "not"), ("cant", "can", "not"), ("cannot", "can", "not"),
    ("won't", "will", "not"), ("shan't", "shall", "not"), ("dont", "do", "not"), ("doesnt", "does", "not"),
    ("didnt", "did", "not"), ("isnt", "is", "not"), ("arent", "are", "not"), ("wasnt", "was", "not"),
    ("werent", "were", "not"), ("couldnt", "could", "not"), ("shouldnt", "should", "not"),
    ("wouldnt", "would", "not"), ("hasnt", "has", "not"), ("havent", "have", "not"), ("youre", "you", "are"),
    ("theyre", "they", "are"),
];

/// Short forms of one word.
#[rustfmt::skip]
pub(super) const SHORT: &[(&str, &str)] = &[
    ("plz", "please"), ("pls", "please"), ("plse", "please"), ("pliz", "please"), ("wat", "what"), ("wht", "what"),
    ("wot", "what"), ("hw", "how"), ("ur", "your"), ("b4", "before"), ("bcoz", "because"), ("becoz", "because"),
    ("bcz", "because"), ("coz", "because"), ("cuz", "because"), ("thx", "thanks"), ("thnx", "thanks"),
    ("thanx", "thanks"), ("tnx", "thanks"), ("thankyou", "thanks"), ("gud", "good"), ("abt", "about"),
    ("dat", "that"), ("dis", "this"), ("ppl", "people"), ("govt", "government"), ("hav", "have"), ("gonna", "going"),
];

/// Before a single letter that is a name: vitamin A, hepatitis A, grade A.
#[rustfmt::skip]
pub(super) const LETTER_OWNERS: &[&str] = &[
    "vitamin", "hepatitis", "influenza", "grade", "class", "type", "form", "group", "letter", "plan", "section",
    "block", "point", "part", "option", "team", "level", "stream", "paper", "vowel", "appendix", "word", "article",
    "blood", "value", "symbol", "in", "language", "and", "or", "to", "using", "with",
];

/// After an article that is spoken of as a word, or a letter: "a and an", "a to z".
#[rustfmt::skip]
pub(super) const AFTER_LETTER: &[&str] = &[
    "and", "or", "to", "in", "is", "are", "of", "mean", "means", "before", "after", "used", "instead", "as", "not",
    "do", "does", "deficiency", "with", "for", "be", "plus", "virus", "level", "student", "grade",
];

/// After "u" or "r" where they are letters.
#[rustfmt::skip]
pub(super) const SPELLED_LETTERS: &[&str] = &[
    "programming", "language", "studio", "package", "code", "script", "function", "turn", "shape", "shaped", "squared",
    "value", "tube", "rated", "is", "and", "or", "to", "in", "vs", "mean", "stand", "s", "k", "n", "number", "s.a",
];

/// Plurals that the rules would get wrong.
#[rustfmt::skip]
pub(super) const PLURAL_OF: &[(&str, &str)] = &[
    ("viruses", "virus"), ("buses", "bus"), ("gases", "gas"), ("shoes", "shoe"), ("toes", "toe"),
    ("canoes", "canoe"), ("movies", "movie"), ("cookies", "cookie"), ("calories", "calorie"), ("axes", "axe"),
    ("quizzes", "quiz"),
];

/// Words whose s is no plural, or whose plural means something else: security is no securities.
#[rustfmt::skip]
pub(super) const SINGULAR: &[&str] = &[
    "does", "goes", "this", "always", "perhaps", "besides", "towards", "afterwards", "sometimes", "whereas", "hers",
    "ours", "yours", "theirs", "thanks", "news", "means", "species", "series", "rabies", "scabies", "diabetes",
    "measles", "mumps", "rickets", "shingles", "herpes", "aids", "piles", "goods", "customs", "arms", "forces",
    "spirits", "manners", "contents", "savings", "earnings", "times", "minutes", "waters", "damages", "terms",
    "securities", "glasses", "states", "windows", "mars", "jobs", "gates", "wales", "athens", "texas", "kansas",
    "honduras", "james", "christmas", "atlas", "canvas", "bias", "alias", "pancreas", "overseas", "pyjamas",
    "chaos", "kudos", "cosmos", "lens", "trousers", "scissors", "stairs", "clothes", "amends", "odds", "remains",
    "looks", "lots", "works", "maths", "rights", "powers", "values", "interests", "properties", "studies",
    "resources", "affairs", "troops", "colours", "colors", "letters", "papers", "premises", "grounds", "bonds",
    "stocks", "shares", "returns", "charges", "services", "offices", "authorities", "communities", "humanities",
    "accounts", "proceeds", "belongings", "surroundings", "guts", "brains", "spectacles", "draughts", "cards",
    "apples", "cells", "amazons", "games", "sports", "dates", "fires", "airs", "heads", "tails", "irons", "woods",
    "sands", "ashes", "quarters", "parts", "drugs", "philippines", "netherlands", "seychelles", "maldives",
];

/// What is said in English around a question. In singular, without articles.
#[rustfmt::skip]
pub(super) const ENGLISH: Manners = Manners {
    greetings: &[
        "hi", "hello", "helo", "hallo", "hey", "dear", "sir", "madam", "answer bot",
        "hello there", "hi there", "hey there", "hello bot", "hi bot", "hey bot", "hello friend", "hi friend",
        "hello my friend", "hi my friend", "good morning", "good afternoon", "good evening", "good day", "greeting", "salaam", "salam",
        "salaam aleikum", "salam aleikum", "please", "kindly", "excuse me", "sorry", "thanks", "thank you", "ok",
        "okay", "how are you",
    ],
    requests: &[
        "tell me", "can you tell me", "could you tell me", "would you tell me", "can you please tell me",
        "could you please tell me", "will you tell me", "i want to know", "i would like to know", "i need to know",
        "i want to ask", "i would like to ask", "let me know", "may i know", "can i know", "do you know",
        "help me know", "help me to know", "my question is", "question", "please tell me", "i wanted to know",
    ],
    endings: &[
        "please", "please sir", "please madam", "please help", "kindly", "thanks", "thank you", "thanks sir",
        "thank you sir", "thanks madam", "thank you madam", "thank you very much", "thanks very much",
        "thank you so much", "thanks so much", "thanks lot", "thanks in advance", "thank you in advance",
    ],
    speaks_of: &[
        "a", "an", "the", "say", "says", "saying", "said", "spell", "mean", "means", "of", "word", "words", "called",
        "call", "is", "are", "was", "were", "be", "about", "use", "using", "used", "to", "and", "or", "write",
        "define", "than", "for", "with", "without", "between", "by", "translate", "in", "from", "like", "as", "i",
        "we", "you", "he", "she", "they", "it", "not", "no", "never", "always", "explain", "me", "him", "her",
        "them", "us", "give", "giving", "pronounce", "reply", "respond", "answer", "people", "vs", "versus", "term",
        "phrase", "what", "how", "when", "why", "who", "which", "where", "do", "does", "can", "should",
    ],
    questions: &["what", "how", "why", "when", "where", "who", "which", "whose", "whom"],
    starters: &[
        "can", "could", "does", "did", "should", "would", "will", "tell", "give", "explain", "define", "describe",
        "list", "help", "i", "show", "teach", "state", "discuss", "may",
    ],
};

/// What is said in Arabic around a question, folded.
#[rustfmt::skip]
pub(super) const ARABIC: Manners = Manners {
    greetings: &[
        "السلام عليكم", "السلام عليكم ورحمه الله", "السلام عليكم ورحمه الله وبركاته", "سلام", "مرحبا", "اهلا",
        "صباح الخير", "مساء الخير", "من فضلك", "لو سمحت", "رجاء", "يا اخي",
    ],
    requests: &["قل لي", "اخبرني", "اريد ان اعرف", "ممكن اعرف", "هل تعرف"],
    endings: &["من فضلك", "لو سمحت", "رجاء", "شكرا", "شكرا لك", "شكرا جزيلا", "وشكرا"],
    speaks_of: &[
        "كلمه", "معني", "يعني", "عن", "عباره", "من", "الي", "في", "اقول", "نقول", "قول", "تقول", "اكتب", "و", "او",
        "بين", "ب", "مثل", "ما", "هي", "هو", "ان", "لا", "غير", "بدون",
    ],
    questions: &["ما", "ماذا", "كيف", "لماذا", "متي", "اين", "من", "هل", "كم", "ماهو", "ماهي"],
    starters: &["اشرح", "عرف", "اذكر", "اخبرني", "قل", "اريد", "ممكن"],
};

/// What is said in Juba Arabic around a question.
#[rustfmt::skip]
pub(super) const JUBA: Manners = Manners {
    greetings: &["salam", "salaam", "salam aleikum", "salaam aleikum", "salam taki", "min fadlak", "hello", "hi"],
    requests: &[],
    endings: &["min fadlak", "shukran", "shukran ketir"],
    speaks_of: &["gale", "gal", "kalam", "kelim", "maana", "fi", "ma", "le", "be", "shunu", "sunu", "keif", "kef", "de"],
    questions: &["shunu", "sunu", "keif", "kef", "munu", "wenu", "miten", "le"],
    starters: &[],
};

/// Words of law and offices.
#[rustfmt::skip]
pub(super) const ABOUT_GOVERNMENT: &[&str] = &[
    "government", "law", "laws", "legal", "constitution", "passport", "visa", "nationality", "citizenship", "election",
    "vote", "minister", "ministry", "president", "parliament", "tax", "licence", "license", "permit", "police", "court",
    "state", "states", "county", "certificate", "customs", "قانون", "القانون", "حكومه", "الحكومه", "جواز", "دستور",
];
