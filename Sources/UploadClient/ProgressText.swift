/// What a progress display says; drawing it is another's.
public struct ProgressText: Equatable, Sendable {
    /// What goes on.
    public var activity: Activity
    /// The file's name.
    public var name: String
    /// Bytes to do.
    public var total: Int64
    /// Bytes done.
    public var done: Int64
    /// Bytes per second, or nil while unknown.
    public var rate: Double?

    /// Makes a text from its parts.
    public init(activity: Activity, name: String, total: Int64, done: Int64, rate: Double? = nil) {
        self.activity = activity
        self.name = name
        self.total = total
        self.done = done
        self.rate = rate
    }

    /// Whole percents, rounded down: 100 means that all is done.
    public var percent: Int {
        guard total > 0 else { return 100 }
        return Int(Double(min(max(done, 0), total)) / Double(total) * 100)
    }

    /// Without a bar, for logs: `uploading a.bin: 45 % (4.5 MiB of 10.0 MiB, 1.2 MiB/s, ETA 0:04)`.
    public var plain: String {
        if activity == .verifying { return "verifying \(name) on the server" }
        return "\(activity.rawValue) \(name): \(percent) % (\(details))"
    }

    /// With a bar of `width` characters, for terminals.
    public func bar(width: Int) -> String {
        if activity == .verifying { return plain }
        let filled = width * percent / 100
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
        return "\(activity.rawValue) \(name) [\(bar)] \(percent) % \(details)"
    }

    private var details: String {
        var text = "\(ByteSize.format(max(0, done))) of \(ByteSize.format(total))"
        guard let rate, rate >= 1 else { return text }
        text += ", \(ByteSize.format(Int64(rate)))/s"
        let left = Double(max(0, total - done)) / rate
        // Past 100 hours an estimate tells nothing.
        return left < 360_000 ? text + ", ETA \(Self.clock(seconds: Int64(left.rounded(.up))))" : text
    }

    /// `m:ss`, or `h:mm:ss` from an hour on.
    static func clock(seconds: Int64) -> String {
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let minutes = seconds / 60
        let tail = two(seconds % 60)
        return minutes < 60 ? "\(minutes):\(tail)" : "\(minutes / 60):\(two(minutes % 60)):\(tail)"
    }
}
