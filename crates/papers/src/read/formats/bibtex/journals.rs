//! The names of journals that macros stand for.

/// Returns the journal of a command of AASTeX, such as `\apj` without the backslash.
///
/// The commands are those that NASA ADS writes (<https://ui.adsabs.harvard.edu/help/actions/journal-macros>)
/// and the further ones of AASTeX and of the class of MNRAS.
pub(super) fn of_command(name: &str) -> Option<&'static str> {
    Some(match name {
        "aap" | "astap" => "Astronomy and Astrophysics",
        "aapr" => "Astronomy and Astrophysics Review",
        "aaps" => "Astronomy and Astrophysics Supplement Series",
        "aas" => "American Astronomical Society Meeting Abstracts",
        "actaa" => "Acta Astronomica",
        "afz" => "Astrofizika",
        "aj" => "The Astronomical Journal",
        "ao" | "applopt" => "Applied Optics",
        "apj" => "The Astrophysical Journal",
        "apjl" | "apjlett" => "The Astrophysical Journal Letters",
        "apjs" | "apjsupp" => "The Astrophysical Journal Supplement Series",
        "aplett" => "Astrophysical Letters",
        "apspr" => "Astrophysics and Space Physics Research",
        "apss" => "Astrophysics and Space Science",
        "araa" => "Annual Review of Astronomy and Astrophysics",
        "arep" => "Astronomy Reports",
        "aspc" => "Astronomical Society of the Pacific Conference Series",
        "azh" => "Astronomicheskii Zhurnal",
        "baas" => "Bulletin of the American Astronomical Society",
        "bac" => "Bulletin of the Astronomical Institutes of Czechoslovakia",
        "bain" => "Bulletin of the Astronomical Institutes of the Netherlands",
        "caa" => "Chinese Astronomy and Astrophysics",
        "cjaa" => "Chinese Journal of Astronomy and Astrophysics",
        "dps" => "AAS/Division for Planetary Sciences Meeting Abstracts",
        "fcp" => "Fundamentals of Cosmic Physics",
        "gca" => "Geochimica et Cosmochimica Acta",
        "grl" => "Geophysical Research Letters",
        "iaucirc" => "IAU Circulars",
        "icarus" => "Icarus",
        "jaavso" => "Journal of the American Association of Variable Star Observers",
        "jcap" => "Journal of Cosmology and Astroparticle Physics",
        "jcp" => "Journal of Chemical Physics",
        "jgr" => "Journal of Geophysical Research",
        "jqsrt" => "Journal of Quantitative Spectroscopy and Radiative Transfer",
        "jrasc" => "Journal of the Royal Astronomical Society of Canada",
        "maps" => "Meteoritics and Planetary Science",
        "memras" => "Memoirs of the Royal Astronomical Society",
        "memsai" => "Memorie della Società Astronomica Italiana",
        "mnras" => "Monthly Notices of the Royal Astronomical Society",
        "na" => "New Astronomy",
        "nar" => "New Astronomy Reviews",
        "nat" => "Nature",
        "nphysa" => "Nuclear Physics A",
        "pasa" => "Publications of the Astronomical Society of Australia",
        "pasj" => "Publications of the Astronomical Society of Japan",
        "pasp" => "Publications of the Astronomical Society of the Pacific",
        "physrep" => "Physics Reports",
        "physscr" => "Physica Scripta",
        "planss" => "Planetary and Space Science",
        "pra" => "Physical Review A",
        "prb" => "Physical Review B",
        "prc" => "Physical Review C",
        "prd" => "Physical Review D",
        "pre" => "Physical Review E",
        "prl" => "Physical Review Letters",
        "procspie" => "Proceedings of SPIE",
        "psj" => "The Planetary Science Journal",
        "qjras" => "Quarterly Journal of the Royal Astronomical Society",
        "rmxaa" => "Revista Mexicana de Astronomía y Astrofísica",
        "rnaas" => "Research Notes of the American Astronomical Society",
        "sci" => "Science",
        "skytel" => "Sky and Telescope",
        "solphys" => "Solar Physics",
        "sovast" => "Soviet Astronomy",
        "ssr" => "Space Science Reviews",
        "zap" => "Zeitschrift für Astrophysik",
        _ => return None,
    })
}

/// Returns the journal of an abbreviation that the standard styles of BibTeX define.
pub(super) fn of_style(name: &str) -> Option<&'static str> {
    Some(match name {
        "acmcs" => "ACM Computing Surveys",
        "acta" => "Acta Informatica",
        "cacm" => "Communications of the ACM",
        "ibmjrd" => "IBM Journal of Research and Development",
        "ibmsj" => "IBM Systems Journal",
        "ieeese" => "IEEE Transactions on Software Engineering",
        "ieeetc" => "IEEE Transactions on Computers",
        "ieeetcad" => "IEEE Transactions on Computer-Aided Design of Integrated Circuits",
        "ipl" => "Information Processing Letters",
        "jacm" => "Journal of the ACM",
        "jcss" => "Journal of Computer and System Sciences",
        "scp" => "Science of Computer Programming",
        "sicomp" => "SIAM Journal on Computing",
        "tocs" => "ACM Transactions on Computer Systems",
        "tods" => "ACM Transactions on Database Systems",
        "tog" => "ACM Transactions on Graphics",
        "toms" => "ACM Transactions on Mathematical Software",
        "toois" => "ACM Transactions on Office Information Systems",
        "toplas" => "ACM Transactions on Programming Languages and Systems",
        "tcs" => "Theoretical Computer Science",
        _ => return None,
    })
}

/// Returns the journal if a value in LaTeX is nothing but a command of AASTeX.
pub(super) fn of_value(latex: &str) -> Option<&'static str> {
    let name = latex.trim_matches(|c: char| c.is_whitespace() || matches!(c, '{' | '}'));
    let name = name.strip_prefix('\\')?;
    of_command(name.trim_end_matches('\\').trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_a_command_becomes_the_name_of_the_journal() {
        for (value, expected) in [
            (r"\apj", Some("The Astrophysical Journal")),
            (
                r"{\mnras}",
                Some("Monthly Notices of the Royal Astronomical Society"),
            ),
            (r"\aap\ ", Some("Astronomy and Astrophysics")),
            (r"\prl{}", Some("Physical Review Letters")),
            ("apj", None),
            (r"\emph{apj}", None),
            (r"\", None),
        ] {
            assert_eq!(of_value(value), expected, "{value}");
        }
    }
}
