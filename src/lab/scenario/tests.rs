//! The catalogue, played.

use super::{builtin, play};

#[test]
fn every_scenario_of_the_catalogue_behaves_as_it_says() {
    let mut wrong = Vec::new();
    for scenario in builtin().unwrap().iter().flat_map(|set| &set.scenarios) {
        let run = play(scenario);
        wrong.extend(run.misses.iter().map(|miss| format!("{}: {miss}", run.id)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
