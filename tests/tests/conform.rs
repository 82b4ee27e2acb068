//! The vendor's own samples fit the vendor's descriptions, as the validator sees them.

use workspace_tests::{conform::Answers, failures::Failures};

#[test]
fn the_vendors_examples_fit() {
    let mut failures = Failures::default();
    for answers in Answers::all() {
        let mut count = 0;
        for (operation, examples) in answers.examples() {
            for example in examples {
                count += 1;
                failures.case();
                for misfit in answers.misfits(operation, example) {
                    failures.add(format!("{} {operation}", answers.api), misfit);
                }
            }
        }
        assert!(count > 0, "{} has no examples", answers.api);
    }
    failures.report();
}
