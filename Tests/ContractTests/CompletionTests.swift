import Foundation
import Testing
import UploadTestSupport

/// What shells offer at the tabulator key.
@Suite(.contract)
struct CompletionTests {
    private func script(_ shell: String) async throws -> String {
        let process = try ProgramProcess(
            try ProgramProcess.path(ofProduct: "fuploadServer"), ["--generate-completion-script", shell])
        #expect(try await process.waitForExit() == .code(0))
        return process.output.value.text
    }

    /// Bash with the words of a line, the last of them being typed: what it would offer, sorted.
    private func offers(_ words: [String], script: String, folder: String) async throws -> [String] {
        let commands = """
            source '\(script)'
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMPREPLY=()
            _fuploadServer fuploadServer "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let bash = try ProgramProcess("bash", ["-c", commands, "bash", "fuploadServer"] + words, folder: folder)
        #expect(try await bash.waitForExit() == .code(0), "\(bash.output.value.errorText)")
        return bash.output.value.lines.filter { !$0.isEmpty }.sorted()
    }

    @Test func bashOffersCommandsOptionsAndFiles() async throws {
        let folder = try TemporaryDirectory()
        let script = try folder.write(Array(try await script("bash").utf8), to: "completions.bash")
        try folder.write([], to: "copy.sqlite")
        try folder.write([], to: "fupload.yml")
        for (words, expected) in [
            (["b"], ["backup"]), (["res"], ["restore", "resume"]), (["migrate", "--s"], ["--set", "--status"]),
            (["backup", "--f"], ["--force"]), (["restore", "cop"], ["copy.sqlite"]),
            (["backup", "cop"], ["copy.sqlite"]), (["-c", "fup"], ["fupload.yml"]),
            (["doctor", "-c", "fup"], ["fupload.yml"]),
            (["config", "maxOpen"], ["maxOpenTasks"]),
        ] {
            let offered = try await offers(words, script: script, folder: folder.path)
            #expect(offered == expected, "\(words)")
        }
    }

    @Test(arguments: ["bash", "zsh", "fish"]) func eachShellHasItsScript(shell: String) async throws {
        let text = try await script(shell)
        for word in ["backup", "restore", "keep-key"] { #expect(text.contains(word), "\(word)") }
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        // Only the shells that are here can say whether they understand it.
        guard path.contains(where: { FileManager.default.isExecutableFile(atPath: "\($0)/\(shell)") }) else { return }
        let folder = try TemporaryDirectory()
        let script = try folder.write(Array(text.utf8), to: "completions")
        let check = try ProgramProcess(shell, ["-n", script])
        #expect(try await check.waitForExit() == .code(0), "\(check.output.value.errorText)")
    }
}
