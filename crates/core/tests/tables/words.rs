use answerbot_core::words::{Said, Word, is_complete, is_only_pin, names_pin, read};

const COMMANDS: &[(&str, Word)] = &[
    ("help", Word::Help),
    ("menu", Word::Menu),
    ("status", Word::Status),
    ("subscribe", Word::Subscribe),
    ("receipt", Word::Receipt),
    ("region", Word::Region),
    ("language", Word::Language),
    ("more", Word::More),
    ("human", Word::Human),
    ("cancel", Word::Cancel),
    ("stop", Word::Stop),
    ("start", Word::Start),
    ("delete my data", Word::DeleteMyData),
];

#[test]
fn a_command_alone_is_heard_in_every_dress() {
    for (name, word) in COMMANDS {
        for text in [
            (*name).to_string(),
            name.to_uppercase(),
            format!("{name}."),
            format!("  {name}!!  "),
            format!("\"{name}\""),
            format!("{name} 🙏🏾"),
            format!("👉 {name}?"),
            format!("*{name}*\n"),
            name.replace(' ', "  "),
        ] {
            assert_eq!(read(&text), Said::Word(*word), "{text:?}");
        }
    }
}

#[test]
fn a_command_inside_a_message_is_no_command() {
    for text in [
        "start a business in Juba: how?",
        "resetme",
        "help me with algebra",
        "stop malaria",
        "more about goats",
        "what is a menu",
        "status of women",
        "delete my data please tell me how facebook does it",
        "helpful",
        "human rights",
        "cancel culture",
    ] {
        assert_eq!(read(text), Said::Plain, "{text}");
    }
}

#[test]
fn greetings_thanks_yes_and_no() {
    let table: &[(Said, &[&str])] = &[
        (
            Said::Greeting,
            &[
                "hi",
                "Hiiiii",
                "HELLO!",
                "hellooo 👋",
                "Good morning",
                "how are you?",
                "Hi, how are you",
                "salaam",
                "السلام عليكم",
                "أهلا",
                "مرحباً",
                "Jambo",
                "hello sir",
                "What’s up",
            ],
        ),
        (
            Said::Thanks,
            &[
                "thanks",
                "Thank you!",
                "thank you so much 🙏",
                "Thankyou",
                "shukran",
                "شكراً",
                "ok thanks",
                "bye",
            ],
        ),
        (
            Said::Yes,
            &[
                "yes",
                "YES!",
                "ok",
                "Okay 👍",
                "agree",
                "I agree",
                "\"I agree\"",
                "1",
                "1.",
                "1️⃣",
                "١",
                "نعم",
                "أوافق",
            ],
        ),
        (Said::No, &["no", "No.", "nope", "keep", "لا"]),
        (Said::Nothing, &["", "   ", "👍", "??", "...", "\u{200b}"]),
        (Said::Number, &["0921234567", "+211 921 234 567", "(092) 123-4567", "٠٩٢١٢٣٤٥٦٧", "00211921234567"]),
        (
            Said::Plain,
            &[
                "12+34=",
                "2000000 + 500000",
                "5",
                "no rain in Wau",
                "yes or no",
                "hi what is malaria",
                "okra",
                "good soil",
            ],
        ),
    ];
    for (said, texts) in table {
        for text in *texts {
            assert_eq!(read(text), *said, "{text:?}");
        }
    }
}

#[test]
fn danger_is_heard_in_whole_words() {
    for text in [
        "My son was bitten by a snake",
        "SNAKE BITE!!!",
        "she is not breathing; what do I do",
        "I can’t breathe",
        "i want to die",
        "What is wrong, my wife has heavy bleeding",
        "My sister drank poison, explain what to do",
        "لدغني ثعبان",
    ] {
        assert_eq!(read(text), Said::Danger, "{text}");
    }
    for text in [
        "I want to diet",
        "What is a snake bite?",
        "What are the causes of heavy bleeding?",
        "Define suicide",
        "essay about snakes",
    ] {
        assert_eq!(read(text), Said::Plain, "{text}");
    }
}

#[test]
fn four_to_six_digits_alone_may_be_a_pin() {
    for text in [
        "1234",
        "12345",
        "123456",
        " 1 2 3 4 ",
        "12-34",
        "1998?",
        "١٢٣٤",
        "۱۲۳۴۵",
        "(1234)",
        "1234 🙏",
        "1️⃣2️⃣3️⃣4️⃣",
        "#1234",
        "\u{200f}1234",
    ] {
        assert!(is_only_pin(text), "{text:?}");
    }
    for text in [
        "",
        "123",
        "1234567",
        "12+34=",
        "12*34",
        "100/4",
        "$1500",
        "50%",
        "pin 1234",
        "1234 SSP",
        "x1234",
        "رقم 1234",
        "👍",
    ] {
        assert!(!is_only_pin(text), "{text:?}");
    }
}

#[test]
fn six_words_or_a_question_mark_read_complete() {
    for text in ["why?", "ما هذا؟", "full width？", "one two three four five six", "  a b\nc d e f  "]
    {
        assert!(is_complete(text, 6), "{text}");
    }
    for text in ["", "what is", "one two three four five", "tell me about malaria"] {
        assert!(!is_complete(text, 6), "{text}");
    }
}

#[test]
fn a_pin_that_is_named_is_heard_and_other_numbers_are_not() {
    for text in ["my pin is 9147", "PIN: 6628", "pin 7 7 3 9", "My Pin 4711", "the pin is ٤٧١١"] {
        assert!(names_pin(text), "{text}");
    }
    for text in [
        "How do I change my pin?",
        "What is pin 4 of the chip?",
        "My pin does not work since 2 weeks, what can I do when MTN says 4 tries are over 10 20",
        "I was born in 1994",
        "pineapple costs 3000",
    ] {
        assert!(!names_pin(text), "{text}");
    }
}
