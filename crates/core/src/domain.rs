//! What a question is about: by words that speak for a subject, each with a weight.
//!
//! It chooses the prompt, the model and how long an answer may be used again; a wrong guess costs a little quality,
//! never a wrong answer. Measured in `tests/tables/domain.rs`.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::words;

/// The subjects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// School and university: subjects, homework, exams, language.
    Academic,
    /// Buying, selling, work, money.
    Business,
    /// Crops, animals, fishing.
    Agriculture,
    /// Illness, the body, food for health.
    Health,
    /// Everything else.
    #[default]
    General,
}

impl Domain {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Academic, Self::Business, Self::Agriculture, Self::Health, Self::General];

    /// The subject with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// The name in stores, metrics and keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Academic => "academic",
            Self::Business => "business",
            Self::Agriculture => "agriculture",
            Self::Health => "health",
            Self::General => "general",
        }
    }
}

/// Words that settle it nearly alone ...
const STRONG: i32 = 3;
/// ... and words that only lean.
const WEAK: i32 = 1;

#[rustfmt::skip]
const LISTS: &[(Domain, i32, &[&str])] = &[
    (Domain::Health, STRONG, &[
        "malaria", "fever", "typhoid", "cholera", "diarrhea", "diarrhoea", "vomiting", "vomit", "hiv", "aids", "tb", "tuberculosis",
        "measles", "hepatitis", "ulcer", "ulcers", "diabetes", "hypertension", "asthma", "pneumonia", "cancer", "anemia", "anaemia",
        "pregnant", "pregnancy", "breastfeed", "breastfeeding", "menstruation", "period", "periods", "contraception", "condom",
        "symptom", "symptoms", "hurt", "hurts", "aches", "اعراض",  "disease", "diseases", "illness", "sick", "sickness", "infection", "headache", "cough", "coughing",
        "wound", "wounds", "rash", "doctor", "nurse", "hospital", "clinic", "vaccine", "vaccination", "vaccinated", "medicine",
        "medicines", "drug", "drugs", "tablets", "antibiotic", "antibiotics", "paracetamol", "ors", "pain", "painful", "swelling",
        "blood", "bleeding", "stomach", "kidney", "liver", "lungs", "teeth", "toothache", "eye", "eyes", "skin", "allergy", "mental",
        "depression", "anxiety", "sleepless", "insomnia", "malnutrition", "malnourished", "vitamin", "vitamins", "worms", "bilharzia",
        "kala-azar", "guinea", "mosquito", "mosquitoes", "germs", "hygiene", "newborn", "baby's", "miscarriage", "stroke", "epilepsy",
        "ملاريا", "حمى", "اسهال", "الاسهال", "كوليرا", "حامل", "الحمل", "مرض", "امراض", "المرض", "علاج", "مستشفى", "دواء", "الم", "صداع", "wija", "ayan", "homma",
    ]),
    (Domain::Health, WEAK, &[
        "treat", "treated", "treatment", "cure", "prevent", "prevention", "health", "healthy", "body", "baby", "child", "children",
        "food", "eat", "diet", "water", "drink", "weight", "sleep", "sex", "smoking", "alcohol", "exercise",
    ]),
    (Domain::Agriculture, STRONG, &[
        "plant", "planting", "maize", "sorghum", "dura", "cassava", "groundnut", "groundnuts", "peanuts", "sesame", "simsim", "millet",
        "beans", "cowpeas", "okra", "tomato", "tomatoes", "onion", "onions", "cabbage", "vegetables", "seedlings", "seeds", "seed",
        "harvest", "harvesting", "crop", "crops", "farm", "farming", "farmer", "farmers", "garden", "soil", "fertilizer", "fertiliser",
        "manure", "compost", "irrigation", "irrigate", "weeds", "weeding", "pest", "pests", "pesticide", "armyworm", "locust", "locusts",
        "goat", "goats", "cow", "cows", "cattle", "sheep", "chicken", "chickens", "hens", "poultry", "pigs", "milk", "calf", "livestock",
        "veterinary", "fish", "fishing", "fishpond", "bees", "beekeeping", "honey", "mango", "mangoes", "banana", "bananas", "trees",
        "acacia", "plough", "oxen", "drought-resistant", "granary", "weevils", "silage", "grazing", "pasture", "rinderpest", "ppr",
        "زراعة", "ازرع", "الذرة", "محصول", "ماعز", "ابقار", "بقر", "دجاج", "سمسم", "zira", "azra", "bagar", "ganam",
    ]),
    (Domain::Agriculture, WEAK, &["grow", "growing", "rain", "rains", "season", "dry", "land", "field", "store", "eggs", "animals", "animal", "hoe"]),
    (Domain::Business, STRONG, &[
        "business", "businesses", "shop", "sell", "selling", "sales", "buy", "customers", "customer", "profit", "profits", "loss",
        "capital", "loan", "loans", "bank", "savings", "invest", "investment", "market", "marketing", "price", "prices", "tax", "taxes",
        "license", "licence", "register", "company", "entrepreneur", "trade", "trader", "import", "export", "invoice", "receipt", "stock",
        "budget", "budgeting", "bookkeeping", "accounting", "cv", "resume", "job", "jobs", "interview", "salary", "employer", "employee",
        "momo", "mgurush", "wholesale", "retail", "boutique", "salon", "restaurant", "tailoring", "boda", "cooperative", "sacco", "vsla",
        "advertise", "brand", "negotiate", "contract", "rent", "startup", "income", "تجارة", "مشروع", "ربح", "عمل", "سوق", "محل", "tijara", "dukan", "suk",
    ]),
    (Domain::Business, WEAK, &["money", "start", "save", "cost", "costs", "pay", "work", "plan", "earn", "open", "online", "small"]),
    (Domain::Academic, STRONG, &[
        "photosynthesis", "mathematics", "maths", "math", "algebra", "equation", "equations", "fraction", "fractions", "geometry",
        "triangle", "triangles", "theorem", "calculus", "physics", "chemistry", "biology", "atom", "atoms", "molecule", "molecules",
        "cell", "cells", "dna", "osmosis", "diffusion", "gravity", "velocity", "force", "electricity", "acid", "acids", "periodic",
        "history", "geography", "continent", "continents", "planet", "planets", "river", "colonial", "colonialism", "independence",
        "essay", "grammar", "verb", "verbs", "noun", "nouns", "adjective", "tense", "synonym", "antonym", "poem", "novel", "literature",
        "exam", "exams", "examination", "homework", "assignment", "university", "scholarship", "scholarships", "syllabus", "primary",
        "secondary", "senior", "teacher", "student", "students", "study", "studying", "revision", "define", "definition", "formula",
        "ecosystem", "volcano", "earthquake", "democracy", "constitution", "parliament", "capital city", "equator", "latitude",
        "longitude", "civics", "computer", "algorithm", "الرياضيات", "تاريخ", "التاريخ", "جغرافيا", "مدرسة", "امتحان", "الامتحان", "قواعد", "طالب", "madrasa", "imtihan",
    ]),
    (Domain::Academic, WEAK, &[
        "explain", "difference", "between", "meaning", "school", "english", "arabic", "language", "write", "example", "examples",
        "calculate", "solve", "state", "list", "describe", "war", "who", "invented", "discovered", "learn", "read", "book", "function",
        "functions", "parts", "types", "causes", "capital", "country", "africa", "world", "word", "sentence", "science",
    ]),
];

/// The subject of a question; [`Domain::General`] where nothing speaks for one, or two speak as loud.
#[must_use]
pub fn of(text: &str) -> Domain {
    let words = split(text);
    let mut scores = [0_i32; Domain::ALL.len()];
    for (domain, weight, list) in LISTS {
        let found = words.iter().filter(|word| list.contains(&word.as_str())).count();
        let score = weight.saturating_mul(i32::try_from(found).unwrap_or(0));
        if let Some(place) = scores.get_mut(*domain as usize) {
            *place += score;
        }
    }
    let best = scores.iter().copied().max().unwrap_or(0);
    let mut with_best = Domain::ALL.into_iter().filter(|it| scores.get(*it as usize) == Some(&best));
    match (best, with_best.next(), with_best.next()) {
        (0, ..) | (_, None, _) => Domain::General,
        // Health before the others: its answers are the most careful ones.
        (_, Some(_), Some(_)) if scores.get(Domain::Health as usize) == Some(&best) => Domain::Health,
        (WEAK, Some(_), Some(_)) => Domain::General,
        (_, Some(domain), _) => domain,
    }
}

/// The words of a text in lower case, with plain forms of Arabic letters.
fn split(text: &str) -> Vec<String> {
    let letter = |c: char| c.is_alphanumeric() || c == '-' || c == '\'';
    text.split(|c: char| !letter(c))
        .filter(|it| !it.is_empty())
        .map(|it| {
            it.chars()
                .flat_map(char::to_lowercase)
                .filter(|c| !words::is_mark(*c))
                .map(words::folded)
                .collect()
        })
        .collect()
}
