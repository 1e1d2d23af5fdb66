use crate::sandbox::Sandbox;

#[test]
fn removed_and_remaining_papers_are_counted() {
    let sandbox = Sandbox::with_library(12);
    assert_eq!(
        sandbox.ok(&["remove", "--library", "L", "paper-1", "paper-2"]),
        "removed 2 papers, 10 papers left\n"
    );
    let stdout = sandbox.ok(&["info", "--library", "L"]);
    assert!(stdout.contains("papers       10\n"), "{stdout}");
    assert!(stdout.contains("1 segment, 2 rows deleted"), "{stdout}");
}
