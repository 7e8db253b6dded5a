//! What is a fault, what is only told, and the table of the README.

use super::known::NOT_YET;
use super::*;

/// Everything that is needed, for a world on this machine.
fn complete() -> Raw {
    let mut raw = Raw::default();
    for (name, value) in [
        ("VERIFY_TOKEN", "word"),
        ("PAGE_ACCESS_TOKEN", "token"),
        ("FB_APP_SECRET", "secret"),
        ("GRAPH_BASE_URL", "http://127.0.0.1:9"),
    ] {
        raw.put(name, value.into(), Origin::Environment);
    }
    raw
}

/// With a key of each provider.
fn with_keys() -> Raw {
    let mut raw = complete();
    raw.put("OPENROUTER_API_KEY", "sk-or-v1".into(), Origin::Environment);
    raw.put("OPENAI_API_KEY", "sk-proj".into(), Origin::Environment);
    raw
}

fn faults(raw: &Raw) -> Vec<String> {
    Settings::check(raw).err().map(|faults| faults.0).unwrap_or_default()
}

fn settings(raw: &Raw) -> Settings {
    Settings::check(raw).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn the_store_under_two_names_with_different_values_is_one_fault() {
    use Origin::{Command, DotEnv, Environment, File};

    let (a, b) = ("sqlite:a.db", "mongodb://user:hush@example.org/b");
    // What DATABASE_URL is and where it stands, the same of MONGODB_URI, and whether they may stand together.
    let cases = [
        ("different", (a, Environment), (b, Environment), false),
        ("different, the other way round", (b, Environment), (a, Environment), false),
        ("different, in two places", (a, Environment), (b, DotEnv), false),
        ("different, in two places, the old name first", (a, File), (b, Environment), false),
        ("the same", (a, Environment), (a, Environment), true),
        ("the same but for spaces", (a, Environment), (" sqlite:a.db ", DotEnv), true),
        ("the old name is empty", (a, Environment), (" ", Environment), true),
        ("the new name is empty", ("", Environment), (a, DotEnv), true),
        ("a command sets its own, as demo does", (a, Command), (b, Environment), true),
    ];
    for (case, (new, new_origin), (old, old_origin), are_fine) in cases {
        for old_comes_first in [true, false] {
            let mut raw = with_keys();
            let mut put = [("MONGODB_URI", old, old_origin), ("DATABASE_URL", new, new_origin)];
            if !old_comes_first {
                put.reverse();
            }
            for (name, value, origin) in put {
                raw.put(name, value.into(), origin);
            }
            if are_fine {
                assert_eq!(settings(&raw).database, Database::Sqlite("a.db".into()), "{case}");
                continue;
            }
            let faults = faults(&raw);
            assert_eq!(faults.len(), 1, "{case}: {faults:?}");
            for part in ["MONGODB_URI", "DATABASE_URL", "different values", "DATABASE_URL=sqlite:"] {
                assert!(faults[0].contains(part), "{case}: {part} is not told: {faults:?}");
            }
            assert!(!faults[0].contains("hush"), "{case}: a password is shown");
        }
    }
}

#[test]
fn the_old_name_of_the_store_is_read_and_its_origin_told() {
    let mut raw = with_keys();
    raw.put("MONGODB_URI", "sqlite:old.db".into(), Origin::DotEnv);
    assert_eq!(settings(&raw).database, Database::Sqlite("old.db".into()));
    assert_eq!(raw.effective("DATABASE_URL"), (Some("sqlite:old.db"), Origin::DotEnv));
}

#[test]
fn what_later_releases_read_is_named_and_stops_nothing() {
    let mut raw = with_keys();
    raw.read_toml("whatsapp_access_token = \"hush\"\nadmin_password = \"hush\"\n");
    for (name, value) in [
        ("WHATSAPP_PHONE_NUMBER_ID", "1"),
        // Over the one of the file: unset again.
        ("ADMIN_PASSWORD", ""),
        ("HOME", "/root"),
    ] {
        raw.put(name, value.into(), Origin::Environment);
    }
    assert_eq!(raw.faults, [""; 0]);
    assert_eq!(settings(&raw).unused, ["WHATSAPP_ACCESS_TOKEN", "WHATSAPP_PHONE_NUMBER_ID"]);
}

#[test]
fn as_many_proxies_are_believed_as_stand_before_us() {
    for (value, proxies) in [("off", 0), ("0", 0), ("on", 1), ("1", 1), ("3", 3)] {
        let mut raw = with_keys();
        raw.put("TRUST_PROXY", value.into(), Origin::Environment);
        assert_eq!(settings(&raw).proxies, proxies, "{value}");
    }
    for odd in ["-1", "10", "maybe"] {
        let mut raw = with_keys();
        raw.put("TRUST_PROXY", odd.into(), Origin::Environment);
        let faults = faults(&raw);
        assert!(faults.len() == 1 && faults[0].contains("TRUST_PROXY=off"), "{odd}: {faults:?}");
    }
}

#[test]
fn regions_have_stores_of_their_own() {
    let mut raw = with_keys();
    raw.read_toml("region_wau_url = \"sqlite:wau.db\"\n");
    for (name, value) in [
        ("REGION_JUBA_URL", "sqlite:juba.db"),
        ("REGION_BOR_URL", " "),
        ("REGION__URL", "no name"),
        ("REGION_URL", "no name"),
        ("REGION_JUBA", "no URL"),
    ] {
        raw.put(name, value.into(), Origin::Environment);
    }
    let regions = settings(&raw).regions;
    let named: Vec<_> = regions.iter().map(|(region, store)| (region.name(), store.clone())).collect();
    assert_eq!(
        named,
        [("juba", Database::Sqlite("juba.db".into())), ("wau", Database::Sqlite("wau.db".into()))]
    );
    for (name, value, part) in [
        ("REGION_UPPER_NILE_URL", "sqlite:u.db", "names no region"),
        ("REGION_MAIN_URL", "sqlite:u.db", "names no region"),
        ("REGION_BOR_URL", "http://example.org", "is not understood"),
        ("REGION_BOR_URL", "sqlite:juba.db", "named twice"),
    ] {
        let mut raw = raw.clone();
        raw.put(name, value.into(), Origin::Environment);
        let faults = faults(&raw);
        assert!(faults.len() == 1 && faults[0].contains(part), "{name}={value}: {faults:?}");
    }
}

#[test]
fn servers_of_a_fleet_need_their_driver_and_show_no_password() {
    for (name, url, is_built) in [
        ("DATABASE_URL", "mongodb://user:hush@example.org/b", cfg!(feature = "mongodb")),
        ("REGION_WAU_URL", "mongodb+srv://user:hush@example.org/b", false),
        ("REDIS_URL", "redis://:hush@example.org", cfg!(feature = "redis")),
        ("NATS_URL", "nats://user:hush@example.org", cfg!(feature = "nats")),
    ] {
        let mut raw = with_keys();
        raw.put("ENCRYPTION_KEY", "11".repeat(32), Origin::Environment);
        raw.put(name, url.into(), Origin::Environment);
        match Settings::check(&raw) {
            Ok(_) => assert!(is_built, "{name}"),
            Err(Faults(faults)) => {
                assert!(!is_built, "{faults:?}");
                assert!(faults.iter().all(|it| it.contains(name) && !it.contains("hush")), "{faults:?}");
            }
        }
    }
    let mut raw = with_keys();
    raw.put("NATS_URL", "http://example.org".into(), Origin::Environment);
    assert!(faults(&raw)[0].contains("is not understood"));
}

#[test]
fn a_provider_that_cannot_answer_without_a_key_has_one() {
    let theirs = "base_url = \"https://openrouter.ai/api/v1\"";
    // Which keys are set, the section, and the name of the setting in the fault; `None`: no fault.
    let cases = [
        ("OpenRouter", complete(), "name = \"openrouter\"", Some("OPENROUTER_API_KEY")),
        ("OpenAI", complete(), "name = \"openai\"", Some("OPENAI_API_KEY")),
        ("an empty key", complete(), "name = \"openai\"\napi_key = \" \"", Some("OPENAI_API_KEY")),
        ("their address", complete(), &format!("name = \"cheap\"\n{theirs}"), Some("api_key = ")),
        (
            "their address in Europe",
            complete(),
            "name = \"eu\"\nbase_url = \"https://eu.api.openai.com/v1\"",
            Some("api_key = "),
        ),
        (
            "a key of another name does not count",
            with_keys(),
            &format!("name = \"cheap\"\n{theirs}"),
            Some("api_key = "),
        ),
        (
            "their name at another address",
            complete(),
            "name = \"openai\"\nbase_url = \"https://proxy.example.org/v1\"",
            Some("OPENAI_API_KEY"),
        ),
        ("the key of the settings", with_keys(), "name = \"openrouter\"", None),
        ("a key of its own", complete(), "name = \"openai\"\napi_key = \"sk-proj\"", None),
        ("a local model", complete(), "name = \"local\"\nbase_url = \"http://127.0.0.1:11434/v1\"", None),
        ("a local one by name", complete(), "name = \"mine\"\nbase_url = \"http://localhost:1234/v1\"", None),
        (
            "what stands in for OpenAI here",
            complete(),
            "name = \"openai\"\nbase_url = \"http://[::1]:9/v1\"",
            None,
        ),
        (
            "a host whose name only ends alike",
            complete(),
            "name = \"mine\"\nbase_url = \"https://notopenai.com/v1\"",
            None,
        ),
    ];
    for (case, mut raw, section, named) in cases {
        raw.read_toml(&format!("[[ai.providers]]\nmodel = \"some/model\"\n{section}\n"));
        let faults = faults(&raw);
        match named {
            None => assert_eq!(faults, [""; 0], "{case}"),
            Some(named) => {
                assert_eq!(faults.len(), 1, "{case}: {faults:?}");
                assert!(faults[0].contains("has no key") && faults[0].contains(named), "{case}: {faults:?}");
            }
        }
    }
}

#[test]
fn the_whole_order_of_providers_stands_in_one_setting_too() {
    let mut raw = complete();
    raw.read_toml("[[ai.providers]]\nname = \"openai\"\nmodel = \"of-the-file\"\n");
    let order = r#"[{"name": "local", "base_url": "http://127.0.0.1:9/v1", "model": "one", "usd_in": 0.0, "usd_out": 0.0},
        {"name": "openrouter", "api_key": "k", "model": "two", "fallback_models": ["three"]}]"#;
    raw.put("AI_PROVIDERS", order.into(), Origin::Environment);
    let all = settings(&raw).ai;
    let named: Vec<_> = all.iter().map(|it| (it.name.as_str(), it.models.join("+"))).collect();
    assert_eq!(named, [("local", "one".to_owned()), ("openrouter", "two+three".to_owned())]);
    raw.put(
        "AI_PROVIDERS",
        r#"[{"name": "x", "api_key": "hush", "modle": "y"}]"#.into(),
        Origin::Environment,
    );
    let faults = faults(&raw);
    assert!(faults[0].contains("AI_PROVIDERS=[{") && !faults[0].contains("hush"), "{faults:?}");
}

#[test]
fn an_origin_fills_the_column_it_is_given() {
    assert_eq!(format!("{:<14}|", Origin::DotEnv), ".env          |");
    assert_eq!(format!("{:<14}|", Origin::File), "answerbot.toml|");
}

const README: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md"));

#[test]
fn the_readme_lists_every_setting_as_it_is() {
    let (_, table) = README.split_once("<!-- settings: crates/answerbot/src/config/known.rs -->\n").unwrap();
    let (head, rows) = table.split_once("\n|---|---|---|\n").unwrap();
    assert_eq!(head, "| name | default | meaning |");
    let told: Vec<&str> = rows.lines().take_while(|line| line.starts_with('|')).collect();
    let known: Vec<String> = KNOWN
        .iter()
        .map(|it| {
            let default = match it.default {
                _ if it.is_secret => "*secret*".to_owned(),
                Some(default) => format!("`{default}`"),
                None => "unset".to_owned(),
            };
            format!("| `{}` | {default} | {} |", it.name, it.meaning)
        })
        .collect();
    let lacking: Vec<&String> = known.iter().filter(|row| !told.contains(&row.as_str())).collect();
    let strange: Vec<&&str> = told.iter().filter(|row| !known.iter().any(|it| it == *row)).collect();
    assert!(lacking.is_empty(), "rows that the README lacks: {lacking:#?}");
    assert!(strange.is_empty(), "rows of the README that are no setting: {strange:#?}");
    assert_eq!(told, known, "every setting once, in the order in which `config` prints them");
}

#[test]
fn the_readme_lists_every_setting_that_is_not_used_yet() {
    let line =
        README.lines().find(|line| line.starts_with("Accepted, named at start and not used yet:")).unwrap();
    let told: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
    assert_eq!(told, NOT_YET);
}
