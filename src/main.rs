//! The `isogate` command: arguments, [`isogate::cli::run`], exit code.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    isogate::cli::run(std::env::args_os()).into()
}
