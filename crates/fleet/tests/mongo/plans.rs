//! No filter of every message or every sweep reads a whole collection. Only a real server tells its plans.

use answerbot_fleet::mongo::hot;
use mongodb::bson::{Bson, Document, doc};

use super::home::Home;

/// The stages of a plan.
fn stages(plan: &Bson, found: &mut Vec<String>) {
    match plan {
        Bson::Document(it) => {
            found.extend(it.get_str("stage").ok().map(str::to_owned));
            found.extend(it.get_str("indexName").ok().map(str::to_owned));
            it.values().for_each(|it| stages(it, found));
        }
        Bson::Array(all) => all.iter().for_each(|it| stages(it, found)),
        _ => {}
    }
}

#[tokio::test]
async fn no_hot_filter_scans_a_collection() {
    let Some(home) = Home::new() else { return };
    if !home.is_real {
        answerbot_ports::conformance::skipped(
            "mongodb: plans are told by a real server only; set TEST_MONGODB_URI",
        );
        return;
    }
    let store = home.store().await;
    for (collection, filter, index) in hot() {
        let find = doc! { "find": collection, "filter": filter };
        let command = doc! { "explain": find, "verbosity": "queryPlanner" };
        let told: Document = home.database().await.run_command(command).await.unwrap();
        let plan = told.get_document("queryPlanner").unwrap().get("winningPlan").unwrap();
        let mut found = Vec::new();
        stages(plan, &mut found);
        assert!(!found.iter().any(|it| it == "COLLSCAN"), "{collection} {index}: {found:?}");
        let by_id =
            index == "_id_" && found.iter().any(|it| it.starts_with("IDHACK") || it == "EXPRESS_IXSCAN");
        assert!(by_id || found.contains(&index), "{collection} {index}: {found:?}");
    }
    drop(store);
    home.leave().await;
}
