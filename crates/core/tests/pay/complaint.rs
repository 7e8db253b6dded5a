use answerbot_core::pay::complaint::is_about_paying;

#[test]
fn complaints_about_paying_us_are_known_in_any_words() {
    let complaints = [
        "I paid but nothing",
        "my money is gone you took it",
        "I have paid, where is my plan?",
        "i payed 3000 ssp and still no answer!!",
        "You charged me twice",
        "MTN took my money but the subscription is not activated",
        "I entered my pin and nothing happened",
        "give back my money you thieves, refund",
        "دفعت لكن لا شيء",
        "Y'ello. You have paid SSP 3,000 to ANSWER BOT. Financial Transaction Id: 4711.",
        "Your payment of 3,000 SSP to Answer Bot has been completed. Transaction ID: 98765.",
    ];
    for text in complaints {
        assert!(is_about_paying(text), "{text}");
    }
}

#[test]
fn questions_about_money_stay_questions() {
    let questions = [
        "How do I start a small business with 3,000 SSP?",
        "I paid my school fees twice, how do I get the money back?",
        "My boss took my salary, what can I do?",
        "How much money do you need to open a shop in Juba?",
        "What is a refund?",
        "I paid the bride price in cows, is it legal?",
        "What is mobile money?",
        "How do I save my salary?",
        "What did the government pay?",
    ];
    for text in questions {
        assert!(!is_about_paying(text), "{text}");
    }
}

#[test]
fn what_a_stranger_typed_in_anger_is_heard_too() {
    #[rustfmt::skip]
    let complaints = [
        "why did you charge me twice?", "give me back my money", "I want my money back", "payment failed but money was deducted",
        "i have been charged but no plan", "I subscribed but not activated", "I entered pin but nothing happened",
        "I already paid, answer me", "i have send money but no answer", "I sent 3000 and you don't work",
        "I pay for weekly and still limit", "I bought weekly yesterday but it says limit", "scam! return my cash",
        "money was cut from my phone by you", "I have not received my plan", "my balance went down but you say not paid",
        "wallahi ana dafa gurush lakin ma fi haja", "ana dafa 3000 wa ma fi haja", "دفعت ولم يحدث شيء",
        "دفعت المال ولم أحصل على الاشتراك", "تم خصم 3000 من حسابي", "You have sent 3000 SSP to Answer Bot on 25/11/2026",
        "Confirmed. SSP3,000.00 sent to ANSWER BOT", "MTN MoMo: 3000 SSP paid to ANSWER BOT. Fee: 50 SSP. FT Id: 77881",
        "3000 ssp deducted from my brother number but no plan", "My brother paid, still nothing",
    ];
    let missed: Vec<_> = complaints.into_iter().filter(|it| !is_about_paying(it)).collect();
    assert!(missed.is_empty(), "{missed:#?}");
    #[rustfmt::skip]
    let questions = [
        "How can I make my money work for me?", "I bought a phone yesterday and it does not charge, why?",
        "How do I get my money back from the bank?", "I have money but no job, what business can I start?",
        "How can I send my money by phone to my mother?", "How do I protect my goats from thieves?",
        "My teacher said I entered the wrong class, what can I do?", "How do I save my money every week?",
    ];
    let taken: Vec<_> = questions.into_iter().filter(|it| is_about_paying(it)).collect();
    assert!(taken.is_empty(), "{taken:#?}");
}
