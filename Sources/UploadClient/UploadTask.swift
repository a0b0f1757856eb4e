import Foundation

/// An upload the server has opened: `data` of the answer to a new task.
public struct UploadTask: Codable, Hashable, Sendable {
    /// The task's id, kept in the JSON type it came in.
    public let taskId: WireIdentifier
    /// Where blocks go. Opaque: it carries the task's key.
    public let uploadUrl: String
    /// Where the missing ranges can be asked for. Opaque.
    public let blocksUrl: String
    /// Where the task is paused, resumed and cancelled. Opaque.
    public let stateUrl: String

    /// Makes a task from its parts, unchecked.
    public init(taskId: WireIdentifier, uploadUrl: String, blocksUrl: String, stateUrl: String) {
        self.taskId = taskId
        self.uploadUrl = uploadUrl
        self.blocksUrl = blocksUrl
        self.stateUrl = stateUrl
    }

    /// Whether all three URLs are absolute http or https URLs.
    public var isUsable: Bool {
        [uploadUrl, blocksUrl, stateUrl].allSatisfy(HTTPAddress.isAbsolute)
    }
}

/// Checks on addresses given by people and servers.
public enum HTTPAddress {
    /// Whether `text` is an absolute http or https URL with a host.
    public static func isAbsolute(_ text: String) -> Bool {
        guard let url = URL(string: text), let scheme = url.scheme?.lowercased() else { return false }
        return ["http", "https"].contains(scheme) && !(url.host ?? "").isEmpty
    }
    /// `text` without the slashes it ends in, so that a path can be appended.
    public static func withoutTrailingSlash(_ text: String) -> String {
        var text = Substring(text)
        while text.hasSuffix("/") { text.removeLast() }
        return String(text)
    }
}
