//! Every hot statement is answered by an index. SQLite is asked about exactly the text that runs.

use answerbot_local::sqlite::sql;

use crate::support::Home;

#[test]
fn no_hot_statement_scans_a_table() {
    let home = Home::new();
    let _store = home.store();
    let conn = home.raw();
    for (name, statement) in sql::HOT {
        let mut explain = conn.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        let count = explain.parameter_count();
        let nulls = vec![rusqlite::types::Null; count];
        let steps: Vec<String> = explain
            .query_map(rusqlite::params_from_iter(nulls), |row| row.get(3))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        for step in &steps {
            assert!(!step.starts_with("SCAN"), "{name}: {step}");
            assert!(!step.contains("TEMP B-TREE"), "{name} sorts: {step}");
            // Held effects are passed over without reading their bodies.
            assert!(*name != "effect due" || step.contains("COVERING INDEX"), "{name}: {step}");
        }
    }
}

#[test]
fn the_indexes_of_the_plan_are_there() {
    let home = Home::new();
    let _store = home.store();
    let conn = home.raw();
    let mut list = conn
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name IN ('aggregate', 'contact')",
        )
        .unwrap();
    let names: Vec<String> = list.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    for wanted in ["external_id", "phone", "subscription_status", "subscription_expiry", "stage", "reset_day"]
    {
        let has = |table: &str| names.contains(&format!("{table}_{wanted}"));
        assert!(has("contact") || has("aggregate"), "{wanted} has no index");
    }
}

#[test]
fn the_schema_is_what_was_reviewed() {
    let home = Home::new();
    let _store = home.store();
    let conn = home.raw();
    let mut list = conn.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").unwrap();
    let all: Vec<String> = list.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    insta::assert_snapshot!("schema", all.join(";\n\n"));
}
