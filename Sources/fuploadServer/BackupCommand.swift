import ArgumentParser
import UploadServer

/// Copies the database, with its key, beside a running server.
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Makes a copy of the database, with its key, beside a running server or not.",
        discussion: """
            The copy is of one instant: every block that was acknowledged before it began, every task, every callback that \
            is yet to be delivered. FILE is one file, mode 0600, read through before it gets its name; it is whole or not \
            there. The key is FILE.key, mode 0600: whoever has it can make the keys in task URLs. The server's database is \
            only read. While the copy is made, the server's WAL grows.

            Not in it: the bytes of uploads that are not complete (tmpDir), the finished files (storeDir), the \
            configuration. After a restore, what tmpDir has lost is asked for again.

            Exit codes: 0 the backup is made, 1 it is not: FILE is there already, can't be written, or the database is \
            damaged; 2 there is no database, or it can't be read; 64 usage, 78 the configuration has faults.
            """)

    @ParentCommand var server: FuploadServer
    @OptionGroup var source: ConfigurationOptions

    @Argument(help: ArgumentHelp("Where the copy is to be.", valueName: "FILE"), completion: .file())
    var file: String

    @Flag(help: "Replaces FILE and FILE.key where they are there.")
    var force = false

    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() throws {
        let loaded = try source.load(over: server.source)
        try conclude(json: json) { try Backup(loaded.configuration, to: file, replaces: force).run() }
    }
}
