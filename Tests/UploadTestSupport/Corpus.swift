import Foundation

/// The inputs of the fuzz targets that are kept: `Tests/Fuzz/corpus`, which reach every place that is known to be
/// reachable, and `Tests/Fuzz/regressions`, which once failed.
package enum Corpus {
    /// One input.
    package struct File: Sendable {
        package let name: String
        package let bytes: [UInt8]
    }

    /// All inputs of a target, by name.
    ///
    /// - Throws: also when there is none.
    package static func files(_ target: String) throws -> [File] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        var files: [File] = []
        for folder in ["Fuzz/corpus/\(target)", "Fuzz/regressions/\(target)"] {
            let url = root.appendingPathComponent(folder)
            guard folder.hasPrefix("Fuzz/corpus") || FileManager.default.fileExists(atPath: url.path) else { continue }
            for file in try FileManager.default.contentsOfDirectory(at: url, includingPropertiesForKeys: nil) {
                files.append(
                    File(name: "\(folder)/\(file.lastPathComponent)", bytes: Array(try Data(contentsOf: file))))
            }
        }
        guard !files.isEmpty else { throw CocoaError(.fileReadNoSuchFile) }
        return files.sorted { $0.name < $1.name }
    }
}
