//! The table at the end of a bench: each figure beside its goal, and whether it meets it.

#![allow(dead_code, reason = "each bench is a program of its own and uses a part of this file")]

/// Figures and their goals, in the order in which they were measured.
#[derive(Default)]
pub struct Goals(Vec<(String, f64, f64, bool)>);

impl Goals {
    /// Notes a figure that must be at least `goal`.
    pub fn at_least(&mut self, name: impl Into<String>, figure: f64, goal: f64) {
        self.0.push((name.into(), figure, goal, true));
    }

    /// Notes a figure that may be at most `goal`.
    pub fn at_most(&mut self, name: impl Into<String>, figure: f64, goal: f64) {
        self.0.push((name.into(), figure, goal, false));
    }

    /// Prints the table.
    pub fn print(&self) {
        println!("{:<58} {:>10} {:>8}", "figure", "goal", "measured");
        for (name, figure, goal, at_least) in &self.0 {
            let (sign, met) = if *at_least { (">=", figure >= goal) } else { ("<=", figure <= goal) };
            println!(
                "{name:<58} {:>10} {figure:>7.2}x {}",
                format!("{sign} {goal}x"),
                if met { "met" } else { "MISSED" }
            );
        }
    }
}
