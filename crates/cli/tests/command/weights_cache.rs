use std::fs;

use crate::sandbox::{Sandbox, tiny_model};

/// Returns the endings of the file names in the cache of packed weights, in order.
fn endings(sandbox: &Sandbox) -> Vec<String> {
    let entries = fs::read_dir(sandbox.path("cache/packed")).unwrap();
    let mut endings: Vec<_> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            path.extension().unwrap().to_string_lossy().into_owned()
        })
        .collect();
    endings.sort();
    endings
}

#[test]
fn processes_at_once_write_one_file_of_packed_weights_and_give_the_same_rows() {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "graph and proof\nthe enzyme\n");
    let model = tiny_model();
    let embed = |output: &str| {
        let arguments = [
            "embed", "--model", &model, "--input", "a.txt", "--output", output,
        ];
        sandbox.command(&arguments).spawn().unwrap()
    };
    let names = ["1.npy", "2.npy", "3.npy", "4.npy"];
    let running: Vec<_> = names.map(embed).into();
    for mut process in running {
        assert!(process.wait().unwrap().success());
    }
    assert_eq!(endings(&sandbox), ["packed"]);
    assert!(embed("mapped.npy").wait().unwrap().success());
    let expected = fs::read(sandbox.path("mapped.npy")).unwrap();
    for name in names {
        assert_eq!(fs::read(sandbox.path(name)).unwrap(), expected, "{name}");
    }

    // A file that is cut short is written again.
    let packed = fs::read_dir(sandbox.path("cache/packed")).unwrap();
    for entry in packed {
        fs::write(entry.unwrap().path(), "cognateW").unwrap();
    }
    assert!(embed("again.npy").wait().unwrap().success());
    assert_eq!(fs::read(sandbox.path("again.npy")).unwrap(), expected);
    assert!(endings(&sandbox).contains(&"packed".to_owned()));
}
