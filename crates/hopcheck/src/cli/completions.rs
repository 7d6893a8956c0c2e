//! `hopcheck completions`.

use clap::{Args, Command, ValueEnum};
use clap_complete::Shell;

use super::exit::{EXIT_KEPT, Error};

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell: `hopcheck completions bash > ~/.local/share/bash-completion/completions/hopcheck`
    #[arg(value_enum)]
    shell: ShellName,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ShellName {
    Bash,
    Zsh,
    Fish,
}

/// Prints the shell's completions for `command`.
pub(super) fn completions_command(arguments: &CompletionsArgs, mut command: Command) -> Result<u8, Error> {
    let shell = match arguments.shell {
        ShellName::Bash => Shell::Bash,
        ShellName::Zsh => Shell::Zsh,
        ShellName::Fish => Shell::Fish,
    };
    clap_complete::generate(shell, &mut command, "hopcheck", &mut std::io::stdout());
    Ok(EXIT_KEPT)
}
