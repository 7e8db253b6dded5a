//! `ask`: one question in the terminal: the answer, the way it took, its cost. The way of a person's question without
//! the person: danger, curated and shared answers, then a provider under the caps. It joins nobody and shares nothing.

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::contact::Contact;
use answerbot_core::reuse::curated::Shelf;
use answerbot_core::reuse::gate;
use answerbot_core::route;
use answerbot_core::spend::{Level, MicroUsd, Purse};
use answerbot_core::texts::ENGLISH;
use answerbot_core::words::{self, Said};
use answerbot_core::{Address, Channel, guard, prompt, rail, shape};
use answerbot_local::{Access, SharedAnswers};
use answerbot_ports::ai::Ai as _;
use answerbot_ports::answers::Answers as _;
use answerbot_ports::store::Booking;
use answerbot_ports::world::Clock as _;
use serde_json::json;

use crate::assemble::{World, millis};
use crate::out;

/// What came of the question.
struct Answered {
    text: String,
    way: String,
    model: String,
    tokens: (u64, u64),
    cost: MicroUsd,
    seconds: f64,
}

pub async fn run(world: &World, question: &str, paid: bool, as_json: bool) -> anyhow::Result<bool> {
    if !matches!(words::read(question), Said::Plain | Said::Danger) {
        out::line(
            "This is no question: a greeting, a command or a number gets a fixed text, without the AI.",
        );
        return Ok(true);
    }
    let policy = &world.settings.policy;
    let typing = Address { channel: Channel::Messenger, page: String::new(), user: "terminal".into() };
    let prompt = prompt::build(policy, &Contact::default(), question, world.clock.now(), typing);
    let about = &prompt.about;
    let answered = answer(world, question, &prompt, paid).await?;
    let gated = gate(question);
    let shared = match gated {
        Ok(language) => format!("may be shared ({})", language.code()),
        Err(why) => format!("is not shared ({})", why.name()),
    };
    let (domain, grade) = (about.domain.name(), format!("{:?}", about.grade).to_lowercase());
    let Some(it) = answered else { return Ok(false) };
    if as_json {
        let shown = json!({
            "answer": it.text, "way": it.way, "domain": domain, "grade": grade, "model": it.model,
            "tokens_in": it.tokens.0, "tokens_out": it.tokens.1, "cost_micro_usd": it.cost.0, "seconds": it.seconds,
            "shareable": gated.is_ok(),
        });
        out::line(&shown.to_string());
        return Ok(true);
    }
    out::line(&it.text);
    out::line("");
    out::line(&format!("way    {}; {domain}, looks {grade}; its answer {shared}", it.way));
    if !it.model.is_empty() {
        out::line(&format!(
            "model  {} ({} tokens read, {} written, {:.1} s)",
            it.model, it.tokens.0, it.tokens.1, it.seconds
        ));
    }
    out::line(&format!("cost   {} US dollars", it.cost.usd()));
    Ok(true)
}

async fn answer(
    world: &World,
    question: &str,
    prompt: &answerbot_core::contact::effect::Prompt,
    paid: bool,
) -> anyhow::Result<Option<Answered>> {
    let free = |text: String, way: &str| Answered {
        text,
        way: way.to_owned(),
        model: String::new(),
        tokens: (0, 0),
        cost: MicroUsd::default(),
        seconds: 0.0,
    };
    if let Some(danger) = rail::find(question) {
        return Ok(Some(free(rail::answer(&danger, ENGLISH.danger, None), "danger: a fixed text")));
    }
    let policy = &world.settings.policy;
    let today = world.clock.now().juba_day();
    let mut purse = Purse::default();
    let stores = if world.has_store() { Some(world.store(Access::Beside).await?) } else { None };
    let store = stores.as_ref().map(|it| Arc::clone(&it.all));
    if let Some(store) = &store {
        let shelf =
            store.curated(0).await?.map(|(_, entries)| Shelf::new(entries)).transpose()?.unwrap_or_default();
        let found = prompt.about.language.and_then(|language| shelf.answer(language, question));
        if let Some(entry) = found.filter(|_| policy.reuse.curated) {
            let way = format!("curated: {}", entry.id);
            return Ok(Some(free(entry.answer.clone(), &way)));
        }
        let knowledge = &policy.reuse.knowledge_version;
        let key = prompt
            .about
            .shared
            .as_ref()
            .map(|it| it.key(prompt.about.domain, &prompt::version(policy), knowledge));
        let kept = match key {
            Some(key) => SharedAnswers::new(Arc::clone(store) as _, 0).recall(key).await,
            None => None,
        };
        if let Some(it) = kept.filter(|it| it.kept.is_fresh(world.clock.now())) {
            let text = guard::check(&shape::plain(&it.kept.text), &policy.guard, &ENGLISH).text;
            return Ok(Some(free(text, "shared: somebody asked the same before")));
        }
        let (day, month) = store.spending(today).await?;
        purse.learn(today, day, month);
    }
    let ai = world.ai();
    let full = prompt::complete(policy, prompt);
    let tier = |level| route::choose(&policy.ai, prompt.about.grade, paid, level);
    let wished = tier(Level::Open);
    let tier = match purse.reserve(&policy.ai.budget, today, paid, ai.most(&full, wished)) {
        Err(_) => {
            out::fault("the AI budget is used up; see AI_DAILY_BUDGET_USD and AI_MONTHLY_BUDGET_USD");
            return Ok(None);
        }
        Ok(level) => tier(level),
    };
    let started = world.clock.monotonic();
    let deadline: Duration = millis(policy.ai.deadline_ms);
    let called = ai.answer(&full, "terminal", tier, deadline).await;
    if let Some(store) = &store {
        let spent = called.as_ref().map_or_else(|it| &it.spent, |it| &it.spent).clone();
        let (at, domain) = (world.clock.now(), prompt.about.domain);
        store.book(Booking { at, way: "terminal", paid, domain, spent }).await?;
    }
    match called {
        Ok(said) => {
            let whole = shape::answer(&said.text, said.cut);
            let text = guard::check(&whole, &policy.guard, &ENGLISH).text;
            let last = said.spent.last().cloned().unwrap_or_default();
            let seconds = world.clock.monotonic().saturating_sub(started).as_secs_f64();
            Ok(Some(Answered {
                text: if text.is_empty() { ENGLISH.refusal.to_owned() } else { text },
                way: format!("{}, {} model", last.provider, tier.name()),
                model: last.model,
                tokens: (last.tokens_in, last.tokens_out),
                cost: said.spent.iter().map(|it| it.cost).sum(),
                seconds,
            }))
        }
        Err(unanswered) => {
            out::fault(&format!("nobody answered: {}", unanswered.fault.reason));
            Ok(None)
        }
    }
}
