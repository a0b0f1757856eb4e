import ArgumentParser
import UploadClient

struct UploadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upload", abstract: "Upload files, one after the other (the default).")

    @Argument(help: "The files to upload.", completion: .file())
    var files = ["/home/test.mp4"]

    @OptionGroup var business: BusinessOptions

    @Option(help: ArgumentHelp("The user the files are from; sent as a JSON integer when it is one.", valueName: "id"))
    var user = "123456"

    @Option(help: ArgumentHelp("Blocks sent at the same time, 1 to 64.", valueName: "n"))
    var connections = 4

    @Option(help: ArgumentHelp("Largest block: bytes, or with a unit, such as 64KiB or 1GiB.", valueName: "size"))
    var blockSize = "4MiB"

    @Option(help: ArgumentHelp("Give up after so long without any success.", valueName: "seconds"))
    var giveUpAfter = 600

    @Flag(help: "Show no progress, only the sentence at the end.")
    var quiet = false

    private var blockBytes: Int64? { ByteSize.parse(blockSize).flatMap { $0 > 0 ? $0 : nil } }

    func validate() throws {
        guard (1...64).contains(connections) else {
            throw ValidationError("--connections must be 1 to 64, not \(connections).")
        }
        guard blockBytes != nil else {
            throw ValidationError("--block-size must be a size such as 65536, 64KiB or 4MiB, not '\(blockSize)'.")
        }
        guard giveUpAfter >= 0 else {
            throw ValidationError("--give-up-after must not be negative.")
        }
    }

    func run() async throws {
        try await Sentence.onFailure {
            try await Interruption.guarding { try await uploadAll() }
        }
    }

    /// Goes on with the next file when one fails: the others may well be fine.
    private func uploadAll() async throws {
        let reporter: any ProgressReporter = quiet ? SilentProgress() : TerminalProgress()
        var options = UploadOptions(connections: connections, giveUpAfter: .seconds(giveUpAfter))
        if let blockBytes { options.blockSize = blockBytes }
        let failed = try await WireClient.run(connections: connections) { [options] wire in
            let uploader = Uploader(
                wire: wire, businessURL: business.business, userId: WireIdentifier(user), store: business.store,
                options: options, reporter: reporter)
            var failed = 0
            for file in files {
                do {
                    let size = try await uploader.upload(file)
                    Sentence.say("\(file) is uploaded (\(ByteSize.format(size)))")
                } catch let failure as UploadFailure {
                    Sentence.say(files.count > 1 ? "\(file): \(failure)" : "\(failure)")
                    failed += 1
                }
            }
            return failed
        }
        if failed > 0 { throw ExitCode.failure }
    }
}
