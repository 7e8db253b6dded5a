//! Edges between crates only point up the table of ARCHITECTURE.md.

use std::collections::BTreeMap;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Each crate and the crates of ours that it may depend on.
const ALLOWED: &[(&str, &[&str])] = &[
    ("answerbot-core", &[]),
    ("answerbot-ports", &["answerbot-core"]),
    ("answerbot-engine", &["answerbot-core", "answerbot-ports"]),
    ("answerbot-local", &["answerbot-core", "answerbot-ports"]),
    ("answerbot-fleet", &["answerbot-core", "answerbot-ports"]),
    ("answerbot-remote", &["answerbot-core", "answerbot-ports"]),
    ("answerbot-web", &["answerbot-core", "answerbot-ports", "answerbot-engine"]),
    ("answerbot-sim", &["answerbot-core"]),
    (
        "answerbot",
        &[
            "answerbot-core",
            "answerbot-ports",
            "answerbot-engine",
            "answerbot-local",
            "answerbot-fleet",
            "answerbot-remote",
            "answerbot-web",
            "answerbot-sim",
        ],
    ),
];

/// What the core may use besides: pure, and without its std parts.
const CORE_MAY_USE: &[&str] = &[
    "aho-corasick",
    "csv-core",
    "jiff",
    "libm",
    "markdown",
    "once_cell",
    "regex",
    "serde",
    "serde_json",
    "sha2",
    "thiserror",
    "unicode-normalization",
    "unicode-segmentation",
    "uuid",
];

#[test]
fn no_crate_depends_on_one_below_it() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    for package in &metadata.packages {
        let name = package.name.as_str();
        let may = allowed.get(name).unwrap_or_else(|| panic!("{name} is not in the table"));
        for dependency in package.dependencies.iter().filter(|it| it.kind == DependencyKind::Normal) {
            let is_ours = dependency.name.starts_with("answerbot");
            assert!(
                !is_ours || may.contains(&dependency.name.as_str()),
                "{name} must not depend on {}",
                dependency.name
            );
            if name == "answerbot-core" {
                assert!(
                    CORE_MAY_USE.contains(&dependency.name.as_str()),
                    "the core must not use {}",
                    dependency.name
                );
                assert!(
                    !dependency.uses_default_features || dependency.name == "unicode-segmentation",
                    "{} brings its std parts",
                    dependency.name
                );
            }
        }
    }
    assert_eq!(metadata.packages.len(), ALLOWED.len());
}

#[test]
fn the_simulated_world_is_no_part_of_a_build_without_demo() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let binary = metadata.packages.iter().find(|it| it.name.as_str() == "answerbot").unwrap();
    let sim =
        binary.dependencies.iter().find(|it| it.name == "answerbot-sim" && it.kind == DependencyKind::Normal);
    assert!(sim.unwrap().optional);
}

#[test]
fn a_build_that_nobody_asked_for_more_has_no_driver_of_a_fleet() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let package = |name: &str| metadata.packages.iter().find(|it| it.name.as_str() == name).unwrap();
    let (binary, fleet) = (package("answerbot"), package("answerbot-fleet"));
    assert_eq!(binary.features["default"], ["demo"]);
    assert!(!fleet.features.contains_key("default"));
    for driver in ["mongodb", "redis", "async-nats"] {
        let all = metadata.packages.iter().flat_map(|it| &it.dependencies);
        let of_it: Vec<_> = all.filter(|it| it.name == driver && it.kind == DependencyKind::Normal).collect();
        assert!(
            of_it.len() == 1 && of_it[0].optional,
            "{driver} stands in the fleet crate alone, behind its feature"
        );
    }
    let wanted = binary.dependencies.iter().find(|it| it.name == "answerbot-fleet").unwrap();
    assert!(wanted.features.is_empty(), "{:?}", wanted.features);
}
