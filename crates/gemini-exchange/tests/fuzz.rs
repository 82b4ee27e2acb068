//! Answers that somebody spoiled: never a panic, and what is read is written back the same.
//!
//! `GEMINI_FUZZ_ROUNDS=200 cargo test -p gemini-exchange --release --test fuzz` takes longer; the
//! number is how often each sample is spoiled.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by them"
)]

use gemini_exchange::dispatch::decode_answer;

const SAMPLES: &str = include_str!("samples.tsv");

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // An xorshift generator.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides.max(1)).unwrap()).unwrap()
    }

    fn pick<'a>(&mut self, from: &[&'a [u8]]) -> &'a [u8] {
        from[self.roll(from.len())]
    }
}

/// What goes in place of something else.
const PIECES: &[&[u8]] = &[
    b"null",
    b"true",
    b"0",
    b"-0",
    b"-1",
    b"1e999999999999",
    b"1E-400",
    b"18446744073709551616",
    b"-9223372036854775809",
    b"79228162514264337593543950336",
    b"0.00000000000000000000000000000000000000001",
    b"\"\"",
    b"\" 1\"",
    b"\"NaN\"",
    b"\"1e\"",
    b"\"\\ud800\"",
    b"\"9999-99-99T99:99:99Z\"",
    b"[]",
    b"{}",
    b"[[[[[[[[]]]]]]]]",
    b"{\"result\":\"error\"}",
    b"\xff",
    b",",
    b":",
    b"\"",
];

/// The parts of a JSON text: names, values and signs.
fn tokens(json: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < json.len() {
        let start = at;
        match json[at] {
            b'"' => {
                at += 1;
                while at < json.len() && json[at] != b'"' {
                    at += if json[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            b'{' | b'}' | b'[' | b']' | b',' | b':' => at += 1,
            _ => {
                while at < json.len() && !b"{}[],:\"".contains(&json[at]) {
                    at += 1;
                }
            }
        }
        at = at.min(json.len());
        found.push((start, at));
    }
    found
}

fn spoil(json: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..=dice.roll(3) {
        let tokens = tokens(json);
        let is_value = |&(start, end): &(usize, usize)| {
            !b"{}[],:".contains(&json[start]) && json.get(end) != Some(&b':')
        };
        let values: Vec<_> = tokens.iter().copied().filter(is_value).collect();
        if values.is_empty() {
            return;
        }
        let (start, end) = values[dice.roll(values.len())];
        let (from, to) = values[dice.roll(values.len())];
        let (any_start, any_end) = tokens[dice.roll(tokens.len())];
        match dice.roll(12) {
            0..5 => drop(json.splice(start..end, dice.pick(PIECES).iter().copied())),
            5..8 => {
                let other = json[from..to].to_vec();
                json.splice(start..end, other);
            }
            8 => drop(json.drain(any_start..any_end)),
            9 => json.truncate(any_start),
            10 => {
                let at = start + dice.roll(end - start);
                json[at] ^= 1 << dice.roll(8);
            }
            // A part once more.
            _ => {
                let (from, to) = (from.min(any_start), to.max(any_end));
                let part = json[from..to].to_vec();
                json.splice(to..to, part);
            }
        }
    }
}

#[test]
fn spoiled_answers_are_read_or_refused() {
    let rounds = std::env::var("GEMINI_FUZZ_ROUNDS").map_or(20, |text| text.parse().unwrap());
    let mut dice = Dice(0x5eed_0000_0000_0001);
    let (mut read, mut refused) = (0_u64, 0_u64);
    for line in SAMPLES.lines() {
        let parts: Vec<&str> = line.splitn(3, '\t').collect();
        let (api, id, sample) = (parts[0], parts[1], parts[2]);
        for _ in 0..rounds {
            let mut json = sample.as_bytes().to_vec();
            spoil(&mut json, &mut dice);
            let Ok(back) = decode_answer(api, id, &json) else {
                refused += 1;
                continue;
            };
            read += 1;
            // What was understood is written in a form that is understood as the same.
            let again = decode_answer(api, id, back.get().as_bytes()).unwrap_or_else(|error| {
                let json = String::from_utf8_lossy(&json);
                panic!("{id}: {error}\n{json}\n{}", back.get())
            });
            assert_eq!(again.get(), back.get(), "{id}");
        }
    }
    println!("{read} were read, {refused} refused");
    // Both happen, or nothing was tried.
    assert!(read > 100 && refused > 100, "{read} {refused}");
}
