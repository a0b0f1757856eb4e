import ArgumentParser
import UploadClient

struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Take no blocks of a file's upload until it is resumed.")

    @Argument(help: "The file being uploaded.", completion: .file())
    var file: String

    @OptionGroup var business: BusinessOptions

    func run() async throws {
        try await Sentence.onFailure {
            try await business.control { try await $0.change(file, to: .pause) }
            Sentence.say("the upload of \(file) is paused")
        }
    }
}
