import ArgumentParser
import UploadServer

/// Shows the configuration in effect.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Shows the configuration in effect, and where each value comes from.",
        discussion: """
            A line is a key, its value, and where that comes from: flag, environment, file or default. Secrets are masked, \
            and of tokens only the beginning is shown. With KEY it is that key's value alone, for scripts; below bServer a \
            key has its token in it: bServer.TOKEN.notifyUrl.

            Exit codes: 0 shown, 64 usage, also where there is no such key, 78 the configuration has faults.
            """)

    @ParentCommand var server: FuploadServer
    @OptionGroup var source: ConfigurationOptions

    @Argument(
        help: ArgumentHelp("Shows this key's value alone.", valueName: "KEY"),
        completion: .list(ConfigurationReference.all.map(\.key).filter { !$0.contains("<") }))
    var key: String?

    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() throws {
        let loaded = try source.load(over: server.source)
        let report: ConfigurationReport
        do {
            report = try key.map { try ConfigurationReport(loaded, key: $0) } ?? ConfigurationReport(loaded)
        } catch let unknown as ConfigurationReport.UnknownKey {
            throw ValidationError("KEY: \(unknown)")
        }
        try conclude(json: json) { report }
    }
}
