import ArgumentParser
import UploadServer

/// Checks an installation, and repairs it where asked to.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks that the database and the files keep what was promised.",
        discussion: """
            The database is sound and its rows agree with each other; every block's bytes are on disk (hashed anew); \
            nothing lies about that belongs to no task; every closed task has its callback; finished files are in place \
            with the right MD5. A check changes nothing and may run beside the server. Each finding is one line: \
            'problem' is something that the server does not put right by itself, 'note' is not.

            --repair needs the server to be stopped. Ranges whose bytes are not there are asked for again, missing \
            callbacks are enqueued, leftovers removed, counters corrected; then everything is checked once more. It may \
            be repeated.

            Exit codes: 0 nothing is wrong (any more), 1 there are problems (left), 2 it could not check: there is no \
            database, it can't be read, or a server works on it and --repair was asked for; 64 usage, 78 the \
            configuration has faults.
            """)

    @ParentCommand var server: FuploadServer
    @OptionGroup var source: ConfigurationOptions

    @Flag(help: "Puts right what can be put right, and says what it did.")
    var repair = false

    @Flag(help: "Prints one JSON object.")
    var json = false

    mutating func run() async throws {
        let loaded = try source.load(over: server.source)
        let visit = DoctorVisit(loaded.configuration, repairs: repair)
        let outcome: DoctorVisit.Outcome
        if json {
            var output = DoctorJSON { print($0) }
            outcome = await visit.run(&output)
        } else {
            var output = DoctorLines(print: { print($0) }, complain: { complain($0) })
            outcome = await visit.run(&output)
        }
        throw ExitCode(outcome.rawValue)
    }
}
