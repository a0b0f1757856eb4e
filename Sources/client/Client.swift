import ArgumentParser
import UploadClient

@main
struct Client: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client",
        abstract: "Uploads files to a fuploadServer, resuming where an interrupted upload ended.",
        usage: """
            client [--business <url>] [--user <id>] [--connections <n>] [--block-size <size>]
                   [--give-up-after <seconds>] [--quiet] [<file> ...]
            client status|pause|resume|cancel [--business <url>] <file>
            """,
        discussion: """
            `client help upload` lists the options of an upload. A file whose name is that of a subcommand is uploaded \
            with `client upload <file>`.

            Exit codes:
              0    done
              1    failed; standard error says why in one sentence
              64   wrong usage
              130  interrupted by Ctrl-C or SIGTERM; the same command goes on where this one ended
            """,
        subcommands: [
            UploadCommand.self, StatusCommand.self, PauseCommand.self, ResumeCommand.self, CancelCommand.self,
        ],
        defaultSubcommand: UploadCommand.self
    )
}
