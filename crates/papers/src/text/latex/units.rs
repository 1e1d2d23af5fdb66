//! Quantities of the LaTeX package siunitx.

/// A part of a quantity, which is an argument of a command.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Number,
    /// The second number of a range.
    RangeEnd,
    Unit,
    /// Degrees, minutes and seconds, separated by semicolons.
    Angle,
}

impl Part {
    /// Appends an argument as it would be printed.
    pub(super) fn append(self, argument: &str, out: &mut String) {
        match self {
            Self::Number => number(argument, out),
            Self::RangeEnd => {
                out.push('–');
                number(argument, out);
            }
            Self::Angle => {
                for (value, sign) in argument.split(';').zip(['°', '′', '″']) {
                    if !value.trim().is_empty() {
                        number(value, out);
                        out.push(sign);
                    }
                }
            }
            Self::Unit => {
                let unit = unit(argument);
                let is_attached =
                    unit.starts_with(['°', '%', '′', '″']) && unit.chars().count() == 1;
                if !out.is_empty() && !is_attached {
                    out.push(' ');
                }
                out.push_str(&unit);
            }
        }
    }
}

/// Appends a number, whose power of ten follows `e`.
fn number(text: &str, out: &mut String) {
    let text = text.replace("+-", "±").replace("\\pm", "±");
    for c in text.trim().chars() {
        match c {
            'e' | 'E' | 'd' | 'D' => out.push_str("×10^"),
            'x' => out.push('×'),
            '{' | '}' | '~' => {}
            _ => out.push(c),
        }
    }
}

/// Returns a unit in symbols: `\meter\per\second` becomes `m/s`.
fn unit(text: &str) -> String {
    let mut out = String::new();
    let mut remaining = text.trim();
    // What precedes the next unit, and its power.
    let (mut separator, mut power) = ("", "");
    while let Some(c) = remaining.chars().next() {
        remaining = &remaining[c.len_utf8()..];
        if c != '\\' {
            match c {
                '{' | '}' => {}
                '~' | '.' => out.push(' '),
                _ => out.push(c),
            }
            continue;
        }
        let letters = remaining
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(remaining.len());
        let (name, rest) = remaining.split_at(letters);
        remaining = rest.trim_start();
        match name {
            "per" => separator = "/",
            "square" => power = "^2",
            "cubic" => power = "^3",
            "squared" => out.push_str("^2"),
            "cubed" => out.push_str("^3"),
            "tothe" | "raiseto" | "of" => out.push('^'),
            "," | "" => {}
            _ => {
                out.push_str(separator);
                separator = "";
                if let Some(prefix) = prefix(name) {
                    out.push_str(prefix);
                    continue;
                }
                out.push_str(symbol(name));
                out.push_str(std::mem::take(&mut power));
                separator = " ";
            }
        }
    }
    out
}

fn prefix(name: &str) -> Option<&'static str> {
    Some(match name {
        "yocto" => "y",
        "zepto" => "z",
        "atto" => "a",
        "femto" => "f",
        "pico" => "p",
        "nano" => "n",
        "micro" => "µ",
        "milli" => "m",
        "centi" => "c",
        "deci" => "d",
        "deca" => "da",
        "hecto" => "h",
        "kilo" => "k",
        "mega" => "M",
        "giga" => "G",
        "tera" => "T",
        "peta" => "P",
        "exa" => "E",
        "zetta" => "Z",
        "yotta" => "Y",
        "kibi" => "Ki",
        "mebi" => "Mi",
        "gibi" => "Gi",
        "tebi" => "Ti",
        _ => return None,
    })
}

/// Returns the symbol of a unit, or the name of an unknown one.
fn symbol(name: &str) -> &str {
    match name {
        "ampere" => "A",
        "candela" => "cd",
        "kelvin" => "K",
        "kilogram" | "kg" => "kg",
        "gram" => "g",
        "meter" | "metre" => "m",
        "mole" => "mol",
        "second" => "s",
        "becquerel" => "Bq",
        "degreeCelsius" | "celsius" => "°C",
        "coulomb" => "C",
        "farad" => "F",
        "gray" => "Gy",
        "hertz" => "Hz",
        "henry" => "H",
        "joule" => "J",
        "katal" => "kat",
        "lumen" => "lm",
        "lux" => "lx",
        "newton" => "N",
        "ohm" => "Ω",
        "pascal" => "Pa",
        "radian" => "rad",
        "siemens" => "S",
        "sievert" => "Sv",
        "steradian" => "sr",
        "tesla" => "T",
        "volt" => "V",
        "watt" => "W",
        "weber" => "Wb",
        "day" => "d",
        "degree" => "°",
        "arcminute" => "′",
        "arcsecond" => "″",
        "hectare" => "ha",
        "hour" => "h",
        "liter" | "litre" => "L",
        "minute" => "min",
        "tonne" => "t",
        "astronomicalunit" => "au",
        "parsec" => "pc",
        "atomicmassunit" | "dalton" => "Da",
        "bohr" => "a0",
        "electronvolt" => "eV",
        "angstrom" => "Å",
        "bar" => "bar",
        "barn" => "b",
        "decibel" => "dB",
        "bel" => "B",
        "percent" => "%",
        "bit" => "bit",
        "byte" => "B",
        "um" => "µm",
        "us" => "µs",
        "uL" => "µL",
        "degC" => "°C",
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_becomes_its_symbols() {
        for (text, expected) in [
            (r"\celsius", "°C"),
            (r"\kilo\gram\per\cubic\meter", "kg/m^3"),
            (r"\milli\mole\per\liter\per\hour", "mmol/L/h"),
            (r"\meter\squared\second\tothe{-1}", "m^2 s^-1"),
            ("km/h", "km/h"),
            (r"\fathom", "fathom"),
            (r"\", ""),
        ] {
            assert_eq!(unit(text), expected, "{text}");
        }
    }
}
