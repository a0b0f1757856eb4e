import ArgumentParser
import UploadClient

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Print how far the upload of a file is.")

    @Argument(help: "The file being uploaded.", completion: .file())
    var file: String

    @OptionGroup var business: BusinessOptions

    func run() async throws {
        try await Sentence.onFailure {
            let info = try await business.control { try await $0.status(file) }
            let progress = ProgressText(
                activity: .uploading, name: file, total: info.totalSize, done: info.receivedSize)
            print("state: \(info.state.rawValue)")
            print("progress: \(progress.percent) %")
            print("received: \(info.receivedSize) of \(info.totalSize) bytes")
            let ranges = info.expectBlocks.map(\.description).joined(separator: ", ")
            print("missing: \(ranges.isEmpty ? "nothing" : ranges)")
            Sentence.say("\(file): \(info.state.rawValue), \(progress.percent) %")
        }
    }
}
