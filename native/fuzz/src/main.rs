//! Fuzzing from the command line: `list`, `seeds FOLDER`, `TARGET FILE...`, and with libFuzzer `TARGET [OPTION...]`.
//!
//! catalogue: K1. `list` prints the targets, `seeds` writes what each begins with into a folder of its name, and a
//! target's name drives it: over files one by one (to see a finding again), or, where the program was built with
//! `libfuzzer`, as libFuzzer's arguments say. A panic aborts, which libFuzzer takes for a finding.

#[cfg(feature = "libfuzzer")]
mod libfuzzer;

use std::path::Path;
use std::process::ExitCode;
use tickwright_core::fuzz::{Driver, Target};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    let done = match words.get(1).map(String::as_str) {
        Some("list") => {
            Target::all().for_each(|target| println!("{}", target.name()));
            Ok(())
        }
        Some("seeds") => words.get(2).map_or(Err("seeds needs a folder".to_owned()), |folder| seeds(Path::new(folder))),
        Some(name) => Target::parse(name).map_err(|error| error.to_string()).and_then(|target| run(target, words)),
        None => Err("give list, seeds FOLDER, or a target and its inputs".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("tickwright-fuzz: {why}");
            ExitCode::from(2)
        }
    }
}

/// Writes each target's seeds, numbered, into `folder/TARGET/`.
fn seeds(folder: &Path) -> Result<(), String> {
    for target in Target::all() {
        let into = folder.join(target.name());
        std::fs::create_dir_all(&into).map_err(|error| format!("{}: {error}", into.display()))?;
        for (at, seed) in target.seeds().iter().enumerate() {
            let file = into.join(format!("seed-{at}"));
            std::fs::write(&file, seed).map_err(|error| format!("{}: {error}", file.display()))?;
        }
    }
    Ok(())
}

#[cfg(feature = "libfuzzer")]
fn run(target: Target, words: Vec<String>) -> Result<(), String> {
    // libFuzzer's own arguments begin behind the target's name.
    let arguments = words.into_iter().enumerate().filter(|(at, _)| *at != 1).map(|(_, word)| word);
    libfuzzer::run(Driver::new(target), arguments)
}

#[cfg(not(feature = "libfuzzer"))]
fn run(target: Target, words: Vec<String>) -> Result<(), String> {
    let mut driver = Driver::new(target);
    for file in words.iter().skip(2) {
        driver.drive(&std::fs::read(file).map_err(|error| format!("{file}: {error}"))?);
    }
    Ok(())
}
