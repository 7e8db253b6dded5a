//! `effects list` and `effects retry`: work that is stuck, and handing it back.

use answerbot_core::AggregateId;
use answerbot_local::Access;
use answerbot_ports::store::Stuck;
use answerbot_ports::world::Clock as _;
use serde_json::json;

use crate::assemble::World;
use crate::cli::EffectsAction;
use crate::out;

/// What is said of an effect that cannot be revived as it is.
const UNREADABLE: &str = "it cannot be read; set the key that sealed it as ENCRYPTION_KEY_OLD, then retry it";

pub async fn run(world: &World, action: EffectsAction) -> anyhow::Result<bool> {
    let stores = world.store(Access::Beside).await?;
    let store = &*stores.all;
    match action {
        EffectsAction::List { limit, json } => {
            let stuck = store.stuck(limit).await?;
            if stuck.is_empty() && !json {
                out::line("Nothing is stuck.");
            }
            for it in &stuck {
                out::line(&if json { as_json(it) } else { as_line(it) });
            }
            Ok(true)
        }
        EffectsAction::Retry { ids, all } => {
            let stuck = store.stuck(usize::MAX).await?;
            let wanted = |it: &&Stuck| all || ids.contains(&id(it));
            let mut handed_back = 0;
            for it in stuck.iter().filter(wanted) {
                let now = world.clock.now();
                let done = match it {
                    Stuck::Effect { effect, .. } => store.revive_effect(effect.id, now).await?,
                    Stuck::Unreadable { .. } => false,
                    Stuck::Event { aggregate, id, .. } => store.revive_event(*aggregate, *id, now).await?,
                };
                handed_back += usize::from(done);
            }
            out::line(&format!("{handed_back} handed back; a running service takes them within a sweep."));
            for missing in ids.iter().filter(|wanted| !stuck.iter().any(|it| id(it) == **wanted)) {
                out::fault(&format!("nothing stuck is called {missing}"));
            }
            Ok(all || handed_back == ids.len())
        }
    }
}

fn id(stuck: &Stuck) -> String {
    match stuck {
        Stuck::Effect { effect, .. } => effect.id.to_string(),
        Stuck::Unreadable { effect, .. } => effect.to_string(),
        Stuck::Event { id, .. } => id.to_string(),
    }
}

fn whose(aggregate: AggregateId) -> String {
    match aggregate {
        AggregateId::Contact(id) => format!("contact {id}"),
        AggregateId::Payment(id) => format!("payment {}", id.uuid()),
        AggregateId::Payer(id) => format!("payer {id}"),
    }
}

fn as_line(stuck: &Stuck) -> String {
    match stuck {
        Stuck::Effect { aggregate, effect, reason } => {
            let kind = effect.action.kind().name();
            format!(
                "{}  {kind:<5} of {}, attempt {}, due {:?}: {reason}",
                effect.id,
                whose(*aggregate),
                effect.attempt,
                effect.due
            )
        }
        Stuck::Unreadable { aggregate, effect, due } => {
            format!("{effect}  effect of {}, due {due:?}: {UNREADABLE}", whose(*aggregate))
        }
        Stuck::Event { aggregate, id, arrived, reason } => {
            let whose = whose(*aggregate);
            format!("{id}  event of {whose}, admitted {arrived:?}: {reason}")
        }
    }
}

fn as_json(stuck: &Stuck) -> String {
    match stuck {
        Stuck::Effect { aggregate, effect, reason } => json!({
            "id": effect.id, "kind": effect.action.kind().name(), "of": whose(*aggregate), "attempt": effect.attempt,
            "due_ms": effect.due.as_millis(), "reason": reason,
        }),
        Stuck::Unreadable { aggregate, effect, due } => json!({
            "id": effect, "kind": "unreadable", "of": whose(*aggregate), "due_ms": due.as_millis(), "reason": UNREADABLE,
        }),
        Stuck::Event { aggregate, id, arrived, reason } => json!({
            "id": id, "kind": "event", "of": whose(*aggregate), "admitted_ms": arrived.as_millis(), "reason": reason,
        }),
    }
    .to_string()
}
