import ArgumentParser
import UploadServer

/// Shows the migrations of the database, and applies those that it lacks.
struct MigrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Brings the database's schema up to date, as the server's start does.",
        discussion: """
            Needs the server to be stopped. Each migration is a transaction of its own: where one fails, those before it \
            stay, and that one has changed nothing. There is no way back but a backup.

            With --status it only says which migrations the database has and which this program would apply; that changes \
            nothing, and may be asked beside a running server, also of an older version.

            Exit codes: 0 the schema is up to date, 1 migrations are pending (--status), or could not be applied; 2 it \
            could not look: there is no database, it is not fuploadServer's, its schema is newer than this program, or a \
            server works on it; 64 usage, 78 the configuration has faults.
            """)

    @ParentCommand var server: FuploadServer
    @OptionGroup var source: ConfigurationOptions

    @Flag(help: "Only says what has been applied and what is pending.")
    var status = false

    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() throws {
        let loaded = try source.load(over: server.source)
        let update = SchemaUpdate(loaded.configuration)
        try conclude(json: json) { try status ? update.status() : update.run() }
    }
}
