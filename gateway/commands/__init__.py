"""The subcommands of `pmpbridge`, a module each."""
