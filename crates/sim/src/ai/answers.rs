//! What the simulated model says: a few long answers for the demo, and a short one that quotes any other question.

/// Characters of a question that its default answer quotes.
const QUOTED: usize = 60;

/// The answer to a question. Built-in long answers only if `canned`.
pub(super) fn answer(question: &str, canned: bool) -> String {
    if canned {
        let lower = question.to_lowercase();
        let known = CANNED.iter().find(|(words, _)| words.iter().any(|word| lower.contains(word)));
        if let Some((_, answer)) = known {
            return (*answer).to_owned();
        }
    }
    let quoted: String = question.chars().take(QUOTED).collect();
    let mut answer = format!("About \"{quoted}\": ");
    // Questions that were joined to one are all named, so that a load report finds each of them.
    for id in question_ids(question).filter(|id| !quoted.contains(&format!("{id} "))) {
        answer.push_str(&id);
        answer.push_str(" too: ");
    }
    answer.push_str(
        "this is a simulated answer in simple words. First look at what you already know, then ask a person you \
         trust, and take one small step at a time.",
    );
    answer
}

/// The marks `Q-<user>-<number>` of load questions, in their order.
pub(crate) fn question_ids(text: &str) -> impl Iterator<Item = String> {
    text.match_indices("Q-").filter_map(|(at, _)| {
        let (user, rest) = digits(&text[at + 2..])?;
        let (number, _) = digits(rest.strip_prefix('-')?)?;
        Some(format!("Q-{user}-{number}"))
    })
}

fn digits(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

type Canned = (&'static [&'static str], &'static str);

const CANNED: &[Canned] = &[
    (
        &["malaria", "mosquito"],
        "Malaria is an illness that mosquitoes carry from person to person.\n\n**Common signs**\n- fever and shaking\n\
         - headache and body pain\n- feeling very tired, vomiting\n\n**How to protect your family**\n1. Sleep under a \
         treated net every night.\n2. Empty standing water near the house.\n3. Close doors and wear long sleeves in the \
         evening.\n\nGo to a clinic for a test on the same day when there is fever. For a small child or a pregnant \
         woman this is urgent. A health worker decides on the medicine.",
    ),
    (
        &["maize", "corn"],
        "Plant maize when the rains have really begun, in Equatoria mostly in April or May.\n\n### Steps\n1. Clear and \
         dig the field before the rain.\n2. Make rows about 75 cm apart.\n3. Put 2 seeds in each hole, 25 cm between \
         holes, as deep as your finger is long.\n4. Weed after 2 weeks and again after 5 weeks.\n5. Put old manure next \
         to each plant, not on the stem.\n\nMaize is ripe when the husk is dry and a nail no longer marks the grain.",
    ),
    (
        &["business", "shop", "start a company"],
        "To start a small business in Juba, begin with what people near you buy every week.\n\n1. **Pick one thing**, \
         for example tea, phone charging, vegetables or tailoring.\n2. **Count the costs**: stock, place, transport, \
         licence.\n3. **Start small** and sell for one month.\n4. **Write down** every sale and every cost in the \
         evening.\n5. Keep the business money apart from the house money.\n\nAsk at your payam or city council office \
         which licence you need. Prices and fees change, so ask before you pay.",
    ),
    (
        &["photosynthesis"],
        "Photosynthesis is how green plants make their food.\n\nA leaf takes in **water** from the roots, **carbon \
         dioxide** from the air and **light** from the sun. With these it makes **sugar**, and it gives off **oxygen**, \
         which we breathe.\n\nIn short: carbon dioxide + water + light → sugar + oxygen.\n\nThe green colour, \
         chlorophyll, catches the light.",
    ),
    (
        &["cv", "curriculum vitae", "resume", "job application"],
        "A good CV has one or two pages and tells the truth in short lines.\n\n1. **Name, phone, e-mail, town**\n\
         2. **Profile**: two sentences on who you are and what work you want\n3. **Work**: newest first, with place and \
         years, and what you did\n4. **School and training**: newest first\n5. **Languages and skills**: for example \
         Juba Arabic, English, Excel\n6. **Referees**: two people who agreed\n\nRead it aloud and let a friend check \
         the spelling. Change the profile for every job.",
    ),
    (
        &["clean water", "water treatment", "treat water", "drinking water", "purify"],
        "You can make water safer at home in a few ways.\n\n- **Boil** it until big bubbles rise for one full minute, \
         then let it cool with a lid on.\n- **Sun**: fill clear bottles and lay them in full sun for 6 hours, 2 days if \
         it is cloudy.\n- **Tablets or drops**: follow exactly what the packet says.\n\nIf the water is muddy, first let \
         it stand and pour it through a clean cloth. Keep it in a closed, clean can and never dip a hand in.",
    ),
    (
        &["cholera", "diarrhoea", "diarrhea"],
        "Cholera and other strong diarrhoea are dangerous because the body loses water quickly.\n\n**Do now**\n- Give \
         ORS (a packet in clean water, as the packet says), small sips, again and again.\n- Go on breast-feeding a \
         baby.\n- Bring the person to the nearest clinic or ORS point at once if stools are like water.\n\nWash hands \
         with soap, drink only treated water, and keep latrines far from wells.",
    ),
    (
        &["goat", "cattle", "cow", "livestock"],
        "Healthy animals need four things: **clean water**, **enough grazing**, **shade** and **regular checks**.\n\n\
         Look at them every morning. An animal that stands alone, does not eat, coughs or has a runny nose may be \
         sick. Keep it apart from the others and call a community animal health worker. Ask about the vaccination \
         days in your county.",
    ),
    (
        &["tomato", "vegetable", "garden", "okra"],
        "A small kitchen garden can feed a family all year.\n\n1. Choose a sunny place near water.\n2. Mix old manure \
         into the soil.\n3. Sow okra and cowpeas directly; raise tomatoes in a nursery and move them after 4 weeks.\n\
         4. Water early in the morning, at the foot of the plant.\n5. Cover the soil with dry grass to keep it wet.\n\n\
         Sow a little every two weeks, so that you always have something to pick.",
    ),
    (
        &["fraction", "percent", "equation", "algebra"],
        "Let us do it in small steps.\n\nTo find a **percentage**, divide by 100 and multiply. Example: 15 percent of \
         2,000 SSP is 2,000 ÷ 100 × 15 = **300 SSP**.\n\nTo add **fractions**, give them the same bottom number first: \
         1/2 + 1/4 = 2/4 + 1/4 = **3/4**.\n\nSend me your own numbers and I will go through them with you.",
    ),
    (
        &["solar", "charge my phone", "battery"],
        "A small solar panel can charge phones and run a few lamps.\n\n- A **10 to 20 W** panel is enough for two \
         phones and one lamp a day.\n- Put it where there is no shade from 9 to 3, tilted a little, and wipe off the \
         dust.\n- Use a **charge controller**, or the battery will not last.\n\nAsk the seller for a written guarantee \
         and test it in the shop.",
    ),
    (
        &["learn english", "improve my english", "english better"],
        "You can improve your English a little every day.\n\n1. Learn **five new words** and use each in a sentence.\n\
         2. **Listen** to the radio news in English for ten minutes and repeat aloud.\n3. **Write** three lines about \
         your day in the evening.\n4. **Speak** with a friend, and do not fear mistakes.\n\nIf you like, write me three \
         sentences now and I will correct them kindly.",
    ),
    (
        &["ما ", "كيف", "هل "],
        "هذا جواب تجريبي قصير بلغة بسيطة.\n\n- اقرأ السؤال مرة أخرى.\n- اسأل شخصا تثق به.\n- خذ خطوة صغيرة كل يوم.",
    ),
];

#[cfg(test)]
mod tests {
    use super::{answer, question_ids};

    #[test]
    fn the_default_answer_contains_the_first_sixty_characters_of_the_question() {
        let question = "Q-17-3 what is the best way to keep a bicycle in good order during the rains?";
        let answer = answer(question, true);
        assert!(answer.contains(&question[..60]), "{answer}");
    }

    #[test]
    fn joined_questions_are_all_named() {
        let joined = format!("Q-1-1 {}\nQ-1-2 and this?", "x ".repeat(60));
        let answer = answer(&joined, false);
        assert_eq!(question_ids(&answer).collect::<Vec<_>>(), ["Q-1-1", "Q-1-2"]);
    }

    #[test]
    fn well_known_questions_get_a_long_answer() {
        assert!(answer("How do I protect my child from MALARIA?", true).contains("net"));
        assert!(answer("How do I protect my child from MALARIA?", false).starts_with("About"));
    }
}
