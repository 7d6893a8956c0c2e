//! `hopcheck completions`.

use clap::{Args, Command, ValueEnum};
use clap_complete::Shell;

use super::{Error, KEPT};

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell: `hopcheck completions bash > ~/.local/share/bash-completion/completions/hopcheck`
    #[arg(value_enum)]
    shell: Known,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Known {
    Bash,
    Zsh,
    Fish,
}

/// Prints the shell's completions for `command`.
pub(super) fn completions_command(arguments: &CompletionsArgs, mut command: Command) -> Result<u8, Error> {
    let shell = match arguments.shell {
        Known::Bash => Shell::Bash,
        Known::Zsh => Shell::Zsh,
        Known::Fish => Shell::Fish,
    };
    clap_complete::generate(shell, &mut command, "hopcheck", &mut std::io::stdout());
    Ok(KEPT)
}
