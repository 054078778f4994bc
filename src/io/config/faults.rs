//! `[[fault]]`: what goes wrong on the gateway's wire, on purpose.

use super::ends::Ends;
use super::section::Section;
use crate::lab::fault::Armed;

/// Reads them; each has its number.
pub(super) fn read(root: &mut Section<'_>, ends: &Ends) -> Vec<Armed> {
    root.knows(&["fault"]);
    if !root.has("fault") {
        return Vec::new();
    }
    let listeners = ends.listener_options.iter().map(|end| &end.spec);
    let specs = listeners.chain(ends.link_options.iter().map(|end| &end.spec));
    let specs: Vec<_> = specs.cloned().collect();
    let mut all = Vec::new();
    for (mut section, id) in root.sections("fault").into_iter().zip(1..) {
        let text: Option<String> = section.required("what");
        match text.unwrap_or_default().parse::<Armed>() {
            Err(_missing) if !section.has("what") => {}
            Err(error) => section.problem("what", error.to_string()),
            Ok(armed) if armed.leg().is_none() => {
                let id = armed.fault.about().id;
                let what = format!(
                    "{id} happens inside a terminal or an acquirer, and a gateway has neither: \
                     `isogate fault list` shows what a wire can do"
                );
                section.problem("what", what);
            }
            Ok(mut armed) => {
                if let Err(error) = armed.fits_one(&specs) {
                    section.problem("what", error.to_string());
                }
                armed.id = id;
                all.push(armed);
            }
        }
        section.finish();
    }
    all
}
