import ArgumentParser
import UploadServer

/// Puts a backup in the place of the database.
struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Puts a backup in the place of the database, and keeps what is there.",
        discussion: """
            Needs the server to be stopped. FILE is read through first; one that is damaged, no database of fuploadServer, \
            or of a newer version is refused, and nothing changes. What is there is kept beside it, under the database's \
            name with .before-restore- and the time behind it: restoring that undoes it. Nothing else is removed; free the \
            room by hand when all is well.

            Where it is cut off, the database is what it was, or what FILE is: the next start, or the next command that \
            takes the server's place, makes the last steps.

            Afterwards doctor --repair holds the restored rows against the files, before the server starts.

            Exit codes: 0 restored, 1 not restored: FILE is not good, or can't be put in place; 2 FILE is not there or \
            can't be read, or a server works on the database; 64 usage, 78 the configuration has faults.
            """)

    @ParentCommand var server: FuploadServer
    @OptionGroup var source: ConfigurationOptions

    @Argument(help: ArgumentHelp("What backup made; FILE.key lies beside it.", valueName: "FILE"), completion: .file())
    var file: String

    @Flag(help: "Leaves the key file in place as it is, where the backup has none.")
    var keepKey = false

    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() throws {
        let loaded = try source.load(over: server.source)
        let path = source.file(over: server.source)
        try conclude(json: json, next: { Self.next($0, path) }) {
            try Restore(loaded.configuration, from: file, keepsKey: keepKey).run()
        }
    }

    private static func next(_ report: RestoreReport, _ path: String) -> [String] {
        let migrate = report.needsMigration ? ["next: fuploadServer migrate -c \(path)"] : []
        return migrate + ["next: fuploadServer doctor --repair -c \(path)", "then start the server"]
    }
}
