//! `isogate spec`: the dialects: listed, shown, checked.

mod doctor;
mod export;
mod import;

use super::{Exit, Lang, input, table};
use crate::io::look;
use crate::iso::spec::{Composite, FieldSpec, Spec, SpecError};
use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;

/// Dialects: how messages look, and what they mean
#[derive(Args, Debug)]
pub(crate) struct SpecArgs {
    #[command(subcommand)]
    command: SpecCommand,
}

#[derive(Debug, Subcommand)]
enum SpecCommand {
    /// The built-in dialects
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// The fields and kinds of a dialect
    Show {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
        /// A built-in name or a TOML file
        name: String,
    },
    /// Whether a spec file is sound
    Check {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
        /// The TOML file
        file: String,
    },
    /// A dialect file made of another system's: a jPOS packager, a moov-io spec, j8583 guides
    Import(import::ImportArgs),
    /// A dialect in the words of another system: jPOS, moov-io, Wireshark, or a page
    Export(export::SpecExportArgs),
    /// Which dialect unknown bytes are in, or what is likely wrong with one message
    Doctor(doctor::DoctorArgs),
}

/// Runs the subcommand; `Found` if a checked file is not sound.
pub(crate) fn run(args: &SpecArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    match &args.command {
        SpecCommand::List { json } => list(*json, lang, out),
        SpecCommand::Show { json, name } => show(&*input::spec(name)?, *json, lang, out),
        SpecCommand::Check { json, file } => check(file, *json, out),
        SpecCommand::Import(args) => import::run(args, out),
        SpecCommand::Export(args) => export::run(args, out),
        SpecCommand::Doctor(args) => doctor::run(args, out),
    }
}

fn list(json: bool, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let specs = Spec::builtin_names()
        .iter()
        .filter_map(|name| Spec::builtin(name));
    if json {
        let all: Vec<Value> = specs.map(|spec| look::spec_entry(&spec)).collect();
        return print_json(&all.into(), out);
    }
    let rows = specs.map(|spec| {
        let title = spec.title().of(lang == Lang::Zh);
        [
            spec.name().to_owned(),
            title.to_owned(),
            spec.source().to_owned(),
        ]
    });
    table::print(rows, out)?;
    Ok(Exit::Done)
}

fn show(spec: &Spec, json: bool, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    if json {
        return print_json(&look::spec_document(spec), out);
    }
    let chinese = lang == Lang::Zh;
    writeln!(
        out,
        "{}: {}\n{}\n",
        spec.name(),
        spec.title().of(chinese),
        spec.source()
    )?;
    table::print(spec.fields().flat_map(|field| rows(field, chinese)), out)?;
    writeln!(out)?;
    let kinds = spec.flow().kinds.iter().map(|kind| {
        let when = kind
            .when
            .iter()
            .map(|(path, value)| format!("{path}={value}"));
        let title = if chinese { &kind.title_zh } else { &kind.title };
        let reverses = if kind.reverses {
            "reversed when unknown"
        } else {
            ""
        };
        [
            kind.mti.to_string(),
            when.collect::<Vec<_>>().join(" "),
            kind.name.to_string(),
            title.clone(),
            reverses.to_owned(),
        ]
    });
    table::print(kinds, out)?;
    Ok(Exit::Done)
}

fn rows(field: &FieldSpec, chinese: bool) -> Vec<[String; 4]> {
    let meaning = field.usual_meaning();
    let mut rows = vec![[
        field.id.to_string(),
        field.notation.clone(),
        meaning.title.of(chinese).to_owned(),
        look::store_name(meaning.store).to_owned(),
    ]];
    if let Some(Composite::Positions(all)) = &meaning.composite {
        rows.extend(all.iter().map(|part| {
            [
                format!("{}.{}", field.id, part.id),
                String::new(),
                format!("  {}", part.spec.title.of(chinese)),
                look::store_name(part.spec.store).to_owned(),
            ]
        }));
    }
    rows
}

fn check(file: &str, json: bool, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
    match Spec::load(file, &text, &|base| input::beside(Path::new(file), base)) {
        Ok(spec) if json => {
            let fields = spec.fields().count();
            print_json(
                &json!({ "file": file, "sound": true, "name": spec.name(),
                "fields": fields, "kinds": spec.flow().kinds.len() }),
                out,
            )
        }
        Ok(spec) => {
            let (fields, kinds) = (spec.fields().count(), spec.flow().kinds.len());
            writeln!(
                out,
                "{file}: sound: {} has {fields} fields, {kinds} kinds",
                spec.name()
            )?;
            Ok(Exit::Done)
        }
        Err(first) => {
            let mut all = Spec::faults(file, &text, &|base| input::beside(Path::new(file), base));
            if all.is_empty() {
                all.push(first);
            }
            unsound(file, &all, json, out)
        }
    }
}

fn unsound(
    file: &str,
    errors: &[SpecError],
    json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    if json {
        let all: Vec<Value> = errors.iter().map(fault_json).collect();
        let first = all.first().cloned();
        print_json(
            &json!({ "file": file, "sound": false, "error": first, "errors": all }),
            out,
        )?;
    } else {
        for error in errors {
            writeln!(out, "{error}")?;
        }
    }
    Ok(Exit::Found)
}

fn fault_json(error: &SpecError) -> Value {
    json!({ "file": error.file, "line": error.line, "message": error.what })
}

fn print_json(value: &Value, out: &mut dyn Write) -> anyhow::Result<Exit> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unsound_file_is_told_with_line_and_mend() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.toml");
        let text = "name = \"mine\"\nextends = \"cup-pos\"\n[fields]\n3 = { formt = \"n6\" }\n\
                    22 = { algin = \"right\" }\n";
        std::fs::write(&file, text).unwrap();
        let mut out = Vec::new();
        let exit = check(file.to_str().unwrap(), false, &mut out).unwrap();
        let said = String::from_utf8(out).unwrap();
        assert_eq!(exit, Exit::Found);
        assert!(
            said.ends_with(":5: unknown field `algin`; did you mean `align`?\n"),
            "{said}"
        );
        assert!(said.contains(":4: unknown field `formt`; did you mean `format`?"));
        let text = "extends = \"cup-pos\"\n[fields]\n3 = { format = \"q6\" }\n\
                    22 = { encoding = \"raw\" }\n";
        std::fs::write(&file, text).unwrap();
        let mut out = Vec::new();
        check(file.to_str().unwrap(), false, &mut out).unwrap();
        let said = String::from_utf8(out).unwrap();
        assert_eq!(said.lines().count(), 2, "{said}");
    }

    #[test]
    fn a_file_without_a_name_is_called_as_it_is() {
        let spec = Spec::load("some/mine.toml", "extends = \"cup-pos\"", &|_| None).unwrap();
        assert_eq!(spec.name(), "mine");
    }
}
