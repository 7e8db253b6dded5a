use answerbot_core::prompt::{is_arabic, refers_back};

#[test]
fn these_refer_back() {
    for text in [
        "How is it treated?",
        "And in children?",
        "Why?",
        "give me an example",
        "tell me more",
        "What about women?",
        "Can you explain?",
        "Explain more simply",
        "how?",
        "Is that dangerous?",
        "What are the symptoms?",
        "symptoms?",
        "But is it true?",
        "Where can I buy them?",
        "How much does it cost?",
        "Who was he?",
        "what else",
        "go on",
        "continue",
        "the second one",
        "Translate to Arabic",
        "Can I do this in Wau?",
        "How long does it take?",
        "So what should I do?",
        "What happens then?",
        "لماذا؟",
        "وما علاج ذلك؟",
        "Repeat please",
        "You said 20 days",
    ] {
        assert!(refers_back(text), "{text}");
    }
}

#[test]
fn these_stand_alone() {
    for text in [
        "What is photosynthesis?",
        "How do I plant maize in Wau?",
        "What is the capital of Kenya?",
        "Who was John Garang?",
        "How do I cook rice and beans?",
        "What is malaria?",
        "Define gravity in physics",
        "How can I start a small business in Juba?",
        "What are the causes of malaria?",
        "How many days are in a year?",
        "What is the symptom of typhoid fever?",
        "When did South Sudan become independent?",
        "Solve 2x + 5 = 11",
        "How to keep chickens healthy",
        "What is a noun?",
        "Which foods have vitamin C?",
        "How does a radio work?",
        "Who wrote Things Fall Apart?",
        "What is the boiling point of water?",
        "Why do leaves fall from trees?",
        "How do I write a CV?",
        "What is the largest river in Africa?",
        "Is milk good for babies?",
        "How can we stop cholera?",
        "Write a letter to my teacher about school fees",
    ] {
        assert!(!refers_back(text), "{text}");
    }
}

#[test]
fn the_services_own_instructions_come_first() {
    use answerbot_core::contact::effect::{About, Line, Prompt, Role};
    use answerbot_core::prompt::complete;
    let line = |role, content: &str| Line { role, content: content.into() };
    let mut policy = answerbot_core::Policy::default();
    let lines = vec![line(Role::System, "In English."), line(Role::User, "What is malaria?")];
    let prompt = Prompt { lines, max_tokens: 400, typing: crate::talk::address(), about: About::default() };
    let full = complete(&policy, &prompt);
    assert!(
        full.lines[0].content.contains("Never ask for a PIN")
            && full.lines[0].content.ends_with("\nIn English.")
    );
    assert_eq!(full.lines[1..], prompt.lines[1..]);
    policy.ai.system_prompt = Some("Be kind.".into());
    assert_eq!(complete(&policy, &prompt).lines[0].content, "Be kind.\nIn English.");
    let bare = Prompt { lines: prompt.lines[1..].to_vec(), ..prompt };
    assert_eq!(complete(&policy, &bare).lines[0], line(Role::System, "Be kind."));
}

#[test]
fn most_letters_decide_the_script() {
    for (text, arabic) in [
        ("ما هي الملاريا؟", true),
        ("What is الملاريا in English?", false),
        ("", false),
        ("123", false),
        ("كيف يعمل DNA", true),
        ("a", false),
    ] {
        assert_eq!(is_arabic(text), arabic, "{text}");
    }
}
