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
