using Fovea.Web.Accounts;
using Fovea.Web.Audit;
using Fovea.Web.Hosting;
using Fovea.Web.Storage;

namespace Fovea.Web.Settings;

internal static class SettingsEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/settings", async (SettingsStore store) => await store.GetAsync()).WithTags("settings").ForRoles(Roles.Any);
        api.MapPut("/settings", ChangeAsync).WithTags("settings").ForRoles(Roles.Administering);
    }

    private static async Task<ServiceSettings> ChangeAsync(ServiceSettings body, HttpContext context, Database database, SettingsStore store)
    {
        var settings = body.Checked();
        await database.WriteAsync(async work =>
        {
            await store.WriteAsync(work, settings);
            await AuditLog.AppendAsync(work, Caller.Of(context).Name, "settings.change", "settings", settings);
        });
        return settings;
    }
}
