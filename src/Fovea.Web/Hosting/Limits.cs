using System.Globalization;
using System.Threading.RateLimiting;
using Fovea.Web.Accounts;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.RateLimiting;

namespace Fovea.Web.Hosting;

/// <summary>How often one may ask, and who.</summary>
internal static class Limits
{
    public const string SignIn = "sign-in";
    private const int Burst = 4;

    /// <summary>Requests are counted by user or key, by address where nobody is signed in; four seconds' worth may come at once.</summary>
    public static void Configure(RateLimiterOptions options, ServiceOptions service)
    {
        options.RejectionStatusCode = 429;
        options.OnRejected = async (context, _) =>
        {
            var wait = context.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) && after > TimeSpan.Zero ? after : TimeSpan.FromSeconds(1);
            await Faults.WriteAsync(context.HttpContext, 429, "rate-limited", string.Create(CultureInfo.InvariantCulture, $"the request: too many of them. Wait {Math.Ceiling(wait.TotalSeconds)} s."), null, wait);
        };
        options.AddPolicy(SignIn, context => RateLimitPartition.GetFixedWindowLimiter(Address(context), _ => new FixedWindowRateLimiterOptions { PermitLimit = service.SignInsPerMinute, Window = TimeSpan.FromMinutes(1) }));
        options.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context =>
            !context.Request.Path.StartsWithSegments("/api") ? RateLimitPartition.GetNoLimiter("")
            : RateLimitPartition.GetTokenBucketLimiter(Caller.TryOf(context)?.Id ?? Address(context), _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = Burst * service.RequestsPerSecond, TokensPerPeriod = Math.Max(1, service.RequestsPerSecond / 10), ReplenishmentPeriod = TimeSpan.FromMilliseconds(100), AutoReplenishment = true, QueueLimit = 0,
            }));
    }

    /// <summary>Of IPv6 the network: one machine has all of its addresses.</summary>
    internal static string Address(System.Net.IPAddress? address)
    {
        if (address is null) return "";
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? Convert.ToHexStringLower(address.GetAddressBytes().AsSpan(0, 8)) : address.ToString();
    }

    private static string Address(HttpContext context) => Address(context.Connection.RemoteIpAddress);

    /// <summary>Only for callers with one of these roles.</summary>
    public static TBuilder ForRoles<TBuilder>(this TBuilder builder, string[] roles) where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(new AuthorizeAttribute { Roles = string.Join(',', roles) });
}
