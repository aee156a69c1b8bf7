{{/* A setting's name as Spring Boot compares it: by dots, without case and hyphens. */}}
{{- define "cancel-gateway.relaxed" -}}
{{- lower . | replace "-" "" | replace "[" "." | replace "]" "" | trimPrefix "." }}
{{- end }}

{{/* Puts the names of nested settings into "into", each with its value. */}}
{{- define "cancel-gateway.collect" -}}
{{- range $key, $value := .node }}
{{- $name := print $.prefix (include "cancel-gateway.relaxed" $key | replace "_" "") }}
{{- if and $value (kindIs "map" $value) }}
{{- include "cancel-gateway.collect" (dict "prefix" (print $name ".") "node" $value "into" $.into) }}
{{- else }}
{{- $_ := set $.into $name $value }}
{{- end }}
{{- end }}
{{- end }}

{{/* The settings that config and extraEnv give, as far as they can be known, as JSON. "config": name → value. "env":
name → how it was written, of variables and of each -D in a variable for the JVM. "values": the values of both, by
names without dots, since dots and hyphens look the same in a variable. */}}
{{- define "cancel-gateway.settings" -}}
{{- $config := dict }}
{{- $env := dict }}
{{- $values := dict }}
{{- include "cancel-gateway.collect" (dict "prefix" "" "node" .Values.config "into" $config) }}
{{- range $name, $value := $config }}
{{- $_ := set $values (replace "." "" $name) $value }}
{{- end }}
{{- range .Values.extraEnv }}
{{- $name := include "cancel-gateway.relaxed" .name | replace "_" "." }}
{{- $_ := set $env $name .name }}
{{- with .value }}
{{- $_ := set $values (replace "." "" $name) . }}
{{- end }}
{{- if has .name (list "JAVA_TOOL_OPTIONS" "JDK_JAVA_OPTIONS" "_JAVA_OPTIONS") }}
{{- range regexFindAll "-D[^=\\s]+" (default "" .value) -1 }}
{{- $_ := set $env (trimPrefix "-D" . | include "cancel-gateway.relaxed") . }}
{{- end }}
{{- end }}
{{- end }}
{{- range $option := .Values.jvm.options }}
{{- range regexFindAll "^-D[^=]+" $option 1 }}
{{- $_ := set $env (trimPrefix "-D" . | include "cancel-gateway.relaxed") $option }}
{{- end }}
{{- end }}
{{- dict "config" $config "env" $env "values" $values | toJson }}
{{- end }}

{{/* Settings that the rest of the chart depends on, and what to do instead. A name that ends with .* is of everything
below it. Only "env" or only "config" is about these alone. */}}
{{- define "cancel-gateway.guards" -}}
{{- $grace := "the pod's grace follows from it. Use gateway.deadlineSeconds." }}
{{- $stop := "a pod that goes finishes its requests first. Leave it as it is." }}
{{- $probes := "the probes and Prometheus ask at fixed paths. Leave it as it is." }}
{{- $path := "callers, the Ingress and the test ask at fixed paths. Leave it as it is, and change paths in front of the gateway." }}
{{- $tls := "the Service, the Ingress and the test have to follow. Use tls.existingSecret." }}
{{- $database := "it would be there for everyone to read. Use database.existingSecret." }}
{{- $migrations := "it would be there for everyone to read. Use database.migrations.existingSecret." }}
{{- $tenants := "the chart mounts the keys. Use tenants.existingSecret or tenants.existingVolume." }}
both:
  spring.datasource.url: the NetworkPolicy and the number of pods follow from it. Use database.url.
  spring.datasource.hikari.jdbc-url: the NetworkPolicy and the number of pods follow from it. Use database.url.
  spring.datasource.username: {{ $database }}
  spring.datasource.password: {{ $database }}
  spring.datasource.hikari.username: {{ $database }}
  spring.datasource.hikari.password: {{ $database }}
  spring.datasource.hikari.data-source-properties.user: {{ $database }}
  spring.datasource.hikari.data-source-properties.password: {{ $database }}
  spring.flyway.user: {{ $migrations }}
  spring.flyway.password: {{ $migrations }}
  gateway.upstream.deadline: {{ $grace }}
  spring.lifecycle.timeout-per-shutdown-phase: {{ $grace }}
  db-scheduler.shutdown-max-wait: {{ $grace }}
  server.shutdown: {{ $stop }}
  server.port: the container's port is fixed. Use service.port, which need not be the same.
  server.address: the Service has to reach the pod. Leave it as it is.
  server.servlet.context-path: {{ $path }}
  spring.mvc.servlet.path: {{ $path }}
  server.ssl.enabled: {{ $tls }}
  server.ssl.bundle: {{ $tls }}
  server.ssl.certificate: {{ $tls }}
  server.ssl.key-store: {{ $tls }}
  management.server.*: the management port is fixed. Leave it as it is.
  management.endpoints.*: {{ $probes }}
  management.endpoint.health.access: {{ $probes }}
  management.endpoint.health.enabled: {{ $probes }}
  management.endpoint.health.group.*: {{ $probes }}
  management.endpoint.health.probes.*: {{ $probes }}
  management.endpoint.prometheus.access: {{ $probes }}
  management.endpoint.prometheus.enabled: {{ $probes }}
  gateway.wait.max: the chart sets it. Use gateway.waitMaxSeconds.
  gateway.tenants.*: {{ $tenants }}
  gateway.tenants-dir: {{ $tenants }}
  gateway.callers-dir: the chart mounts the hashes. Use callers.existingSecret or callers.existingVolume.
config:
  gateway.upstream.proxy.password: it would be there for everyone to read. Use gateway.upstream.proxy.existingSecret.
env:
  spring.config.import: the chart itself does. Use config.spring.config.import for more.
  spring.config.additional-location: the chart itself does. Use config.
  spring.config.location: the chart's own settings would not be read. Use config.
  spring.config.name: the chart's own settings would not be read. Use config.
  spring.application.json: it would hide settings from the chart. Use config.
{{- end }}

{{- define "cancel-gateway.checkSettings" -}}
{{- $settings := include "cancel-gateway.settings" . | fromJson }}
{{- $guards := include "cancel-gateway.guards" . | fromYaml }}
{{- range $source, $given := dict "config" $settings.config "env" $settings.env }}
{{- range $guard, $instead := merge (dict) $guards.both (index $guards $source) }}
{{- $guarded := trimSuffix ".*" $guard | include "cancel-gateway.relaxed" }}
{{- range $name, $written := $given }}
{{- if or (eq (replace "." "" $name) (replace "." "" $guarded)) (and (hasSuffix ".*" $guard) (hasPrefix (print $guarded ".") $name)) }}
{{- if eq $source "config" }}
{{- fail (printf "config must not set %s: %s" (trimSuffix ".*" $guard) $instead) }}
{{- end }}
{{- fail (printf "%s must not set %s: %s" (ternary "jvm.options" "extraEnv" (has $written $.Values.jvm.options)) $written $instead) }}
{{- end }}
{{- end }}
{{- range $.Values.extraEnvFrom }}
{{- with .prefix }}
{{- $prefix := include "cancel-gateway.relaxed" . | replace "_" "." | trimSuffix "." }}
{{- if and (eq $source "env") (or (eq $prefix "spring.datasource") (eq $prefix "spring.flyway") (and (hasSuffix ".*" $guard) (hasPrefix (print $guarded ".") (print $prefix ".")))) }}
{{- fail (printf "extraEnvFrom must not have the prefix %s: all or some of its variables are the chart's. %s" . (ternary "Use database.existingSecret." $instead (hasPrefix "spring." $prefix))) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- $flyway := get $settings.values "springflywayurl" | toString }}
{{- range $name, $url := dict "database.url" (.Values.database.url | default "") "spring.flyway.url" $flyway }}
{{- if regexMatch "(?i)([?&](ssl)?password=)|(//[^/?]*@)" $url }}
{{- fail (printf "%s must not have a password in it: it would be there for everyone to read. Use database.existingSecret." $name) }}
{{- end }}
{{- end }}
{{- range .Values.extraEnv }}
{{- if and $.Values.jvm.options (eq .name "JDK_JAVA_OPTIONS") }}
{{- fail "jvm.options and JDK_JAVA_OPTIONS in extraEnv exclude each other: the chart gives the former by the latter." }}
{{- end }}
{{- end }}
{{- end }}

{{- define "cancel-gateway.checkDatabase" -}}
{{- $database := .Values.database }}
{{- $ways := list }}
{{- range list "url" "urlKey" "hostKey" }}
{{- if index $database . }}
{{- $ways = append $ways (print "database." .) }}
{{- end }}
{{- end }}
{{- if gt (len $ways) 1 }}
{{- fail (printf "%s exclude each other: the database's address comes from one of them." (join " and " $ways)) }}
{{- end }}
{{- if and (or $database.urlKey $database.hostKey) (not $database.existingSecret) }}
{{- fail (printf "%s needs database.existingSecret: it names a key of that Secret." (first $ways)) }}
{{- end }}
{{- if and $database.hostKey (not $database.nameKey) }}
{{- fail "database.hostKey needs database.nameKey: the Secret's key with the database's name." }}
{{- end }}
{{- if and (or $database.nameKey $database.portKey) (not $database.hostKey) }}
{{- fail "database.portKey and database.nameKey need database.hostKey: the other addresses have port and name in them." }}
{{- end }}
{{- if has $database.urlKey (list "uri" "fqdn-uri" "pgbouncer-uri") }}
{{- fail (printf "database.urlKey: %s is an address such as postgresql://user:password@host/name, which Java's driver does not take. Use the key with the address for Java (jdbc-uri), or database.hostKey, portKey and nameKey." $database.urlKey) }}
{{- end }}
{{- if and $database.create (not (and $database.usernameKey $database.passwordKey)) }}
{{- fail "database.create needs database.usernameKey and database.passwordKey: the Secret has them." }}
{{- end }}
{{- if not (include "cancel-gateway.postgresql" .) }}
{{- if .Values.autoscaling.enabled }}
{{- fail "autoscaling.enabled needs database.url: without it the ledger is an H2 file, which one process at a time can open, so there can be one replica only. Give a PostgreSQL address (jdbc:postgresql://…) or switch autoscaling off." }}
{{- end }}
{{- if gt (int .Values.replicaCount) 1 }}
{{- fail "replicaCount above 1 needs database.url: without it the ledger is an H2 file, which one process at a time can open. Give a PostgreSQL address (jdbc:postgresql://…) or keep one replica." }}
{{- end }}
{{- if or $database.existingSecret $database.create $database.migrations.existingSecret }}
{{- fail "database.existingSecret, database.create and database.migrations need database.url, or database.urlKey or database.hostKey: the H2 file has no user of its own." }}
{{- end }}
{{- if and .Values.strategy (ne (.Values.strategy.type | default "RollingUpdate") "Recreate") }}
{{- fail "strategy must be {type: Recreate} without database.url: the ledger is an H2 file then, which two pods cannot open at the same time." }}
{{- end }}
{{- else }}
{{- if not (or (include "cancel-gateway.databaseSecret" .) (regexMatch "[?&]user=[^&]" ($database.url | default ""))) }}
{{- fail "database.url needs database.existingSecret (or, for a demo, database.create), or a user in the address where a certificate takes the password's place." }}
{{- end }}
{{- $connections := include "cancel-gateway.connections" . | int }}
{{- $most := sub (int $database.maxConnections) 3 }}
{{- if and (gt (int $database.maxConnections) 0) (gt $connections $most) }}
{{- fail (printf "%s pods, those of a rollout included, may take %d connections, and database.maxConnections leaves %d: PostgreSQL keeps 3 of them for its superuser. Lower %s or config.spring.datasource.hikari.maximum-pool-size, or raise max_connections of the server and database.maxConnections with it." (include "cancel-gateway.mostPods" .) $connections $most (ternary "autoscaling.maxReplicas" "replicaCount" .Values.autoscaling.enabled)) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "cancel-gateway.checkPods" -}}
{{- if gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas) }}
{{- fail "autoscaling.minReplicas must not be above autoscaling.maxReplicas." }}
{{- end }}
{{- if .Values.autoscaling.enabled }}
{{- $percent := .Values.autoscaling.targetCPUUtilizationPercentage }}
{{- if $percent }}
{{- $request := include "cancel-gateway.cpuRequest" . }}
{{- if not $request }}
{{- fail "autoscaling.targetCPUUtilizationPercentage needs resources.requests.cpu: it is a share of that request. Give one, or use autoscaling.metrics with the target empty." }}
{{- end }}
{{- $aim := div (mul (int $request) (int $percent)) 100 }}
{{- with dig "limits" "cpu" "" (.Values.resources | default dict) }}
{{- if ge $aim (include "cancel-gateway.millicores" . | int64) }}
{{- fail (printf "autoscaling.targetCPUUtilizationPercentage: %d %% of the request of %sm is %dm, which a pod with a limit of %v never goes beyond, so nothing would ever scale. Lower it, or raise resources.limits.cpu." (int $percent) $request $aim .) }}
{{- end }}
{{- end }}
{{- else if not .Values.autoscaling.metrics }}
{{- fail "autoscaling.enabled needs autoscaling.targetCPUUtilizationPercentage or autoscaling.metrics: something to scale by." }}
{{- end }}
{{- range .Values.autoscaling.metrics }}
{{- if or (eq (dig "resource" "name" "" .) "memory") (eq (dig "containerResource" "name" "" .) "memory") }}
{{- fail "autoscaling.metrics must not have a target for memory: a JVM takes its heap once and keeps it, whatever it has to do. Such a target adds pods and takes none away. Use the CPU, or a meter such as cancel_gateway_bulkhead_permits." }}
{{- end }}
{{- end }}
{{- end }}
{{- $pods := ternary .Values.autoscaling.minReplicas .Values.replicaCount .Values.autoscaling.enabled | int }}
{{- if and .Values.podDisruptionBudget.enabled (gt $pods 0) }}
{{- $stay := .Values.podDisruptionBudget.minAvailable }}
{{- if $stay }}
{{- $needed := $stay }}
{{- if kindIs "string" $stay }}
{{- $needed = divf (mulf $pods (trimSuffix "%" $stay | float64)) 100 | ceil }}
{{- end }}
{{- if ge (int $needed) $pods }}
{{- fail (printf "podDisruptionBudget.minAvailable: %v of %d pods would stop every drain of a node for ever. Use podDisruptionBudget.maxUnavailable: 1, or more pods%s." $stay $pods (ternary "" ", which need PostgreSQL" (not (empty (include "cancel-gateway.postgresql" .))))) }}
{{- end }}
{{- else if not .Values.podDisruptionBudget.maxUnavailable }}
{{- fail "podDisruptionBudget needs maxUnavailable or minAvailable. Switch it off by podDisruptionBudget.enabled: false." }}
{{- end }}
{{- end }}
{{- end }}

{{- define "cancel-gateway.checkNetwork" -}}
{{- range list "clients" "monitoring" }}
{{- if kindIs "invalid" (index $.Values.networkPolicy .) }}
{{- fail (printf "networkPolicy.%s must be a list of peers: [] lets nobody in, and networkPolicy.enabled: false everybody." .) }}
{{- end }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) }}
{{- fail "ingress.hosts must have an entry: an Ingress without rules sends nothing to anybody. For every host use [{host: \"\", paths: [{path: /, pathType: Prefix}]}]." }}
{{- end }}
{{- with .Values.service }}
{{- if and (eq .type "ClusterIP") (or .nodePort .externalTrafficPolicy) }}
{{- fail "service.nodePort and service.externalTrafficPolicy need service.type NodePort or LoadBalancer." }}
{{- end }}
{{- if and (ne .type "LoadBalancer") .loadBalancerSourceRanges }}
{{- fail "service.loadBalancerSourceRanges needs service.type LoadBalancer. Who may reach the pods is up to networkPolicy.clients." }}
{{- end }}
{{- end }}
{{- with .Values.gateway.upstream.proxy }}
{{- if and .host (not .port) }}
{{- fail "gateway.upstream.proxy.host needs gateway.upstream.proxy.port." }}
{{- end }}
{{- if and (not .host) (or .port .existingSecret .nonProxyHosts) }}
{{- fail "gateway.upstream.proxy needs a host." }}
{{- end }}
{{- end }}
{{- if and .Values.caBundle.existingConfigMap .Values.caBundle.existingSecret }}
{{- fail "caBundle.existingConfigMap and caBundle.existingSecret exclude each other." }}
{{- end }}
{{- if .Values.prometheusRule.enabled }}
{{- if not .Values.serviceMonitor.enabled }}
{{- fail "prometheusRule.enabled needs serviceMonitor.enabled: its alerts watch the job that the ServiceMonitor makes, and would always say that it is missing." }}
{{- end }}
{{- if not .Values.prometheusRule.runbookUrl }}
{{- fail "prometheusRule.enabled needs prometheusRule.runbookUrl: the address where your people read docs/runbook.md. The alerts link to it, and no address is right for everybody." }}
{{- end }}
{{- end }}
{{- end }}

{{- define "cancel-gateway.checkSecrets" -}}
{{- range $kind := list "tenants" "callers" "database" }}
{{- with index $.Values $kind }}
{{- $ways := list }}
{{- range $way := list "existingSecret" "existingVolume" "create" }}
{{- if get (index $.Values $kind) $way }}
{{- $ways = append $ways (printf "%s.%s" $kind $way) }}
{{- end }}
{{- end }}
{{- if gt (len $ways) 1 }}
{{- fail (printf "%s exclude each other: name what exists, or let the chart create a Secret." (join " and " $ways)) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $token := .Values.callers.create }}
{{- if not (hasKey ($.Values.callers.access | default dict) $name) }}
{{- fail (printf "callers.create.%s needs callers.access.%s: which tenants it serves." $name $name) }}
{{- end }}
{{- end }}
{{- range $name, $access := .Values.callers.access }}
{{- if not $access.subject }}
{{- if not (include "cancel-gateway.filesOf" (dict "context" $ "kind" "callers")) }}
{{- fail (printf "callers.access.%s needs callers.existingSecret or callers.existingVolume (or, for a demo, callers.create), or a subject: a caller gets in by a token." $name) }}
{{- end }}
{{- if and $.Values.callers.create (not (hasKey $.Values.callers.create $name)) }}
{{- fail (printf "callers.access.%s needs a token in callers.create.%s, or a subject." $name $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- if or .Values.image.registry (include "cancel-gateway.globalRegistry" .) }}
{{- if include "cancel-gateway.hasRegistry" .Values.image.repository }}
{{- fail (printf "image.repository %s has a registry in it, and image.registry or global.imageRegistry names one too. Put the registry into image.registry." .Values.image.repository) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The API refuses two volumes or containers of one name, but only when the chart is installed. */}}
{{- define "cancel-gateway.checkNames" -}}
{{- range .Values.extraVolumes }}
{{- if has .name (list "tmp" "config" "data" "tenants" "callers" "database" "migrations" "proxy" "ca" "tls") }}
{{- fail (printf "extraVolumes must not have the name %s: the chart's own volumes have such names. Use another one." .name) }}
{{- end }}
{{- end }}
{{- range $list := list "initContainers" "extraContainers" }}
{{- range index $.Values $list }}
{{- if eq .name "gateway" }}
{{- fail (printf "%s must not have the name gateway: the chart's own container has it. Use another one." $list) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Refuses values that each are right and together are not. */}}
{{- define "cancel-gateway.validate" -}}
{{- include "cancel-gateway.checkSettings" . }}
{{- include "cancel-gateway.checkDatabase" . }}
{{- include "cancel-gateway.checkPods" . }}
{{- include "cancel-gateway.checkNetwork" . }}
{{- include "cancel-gateway.checkSecrets" . }}
{{- include "cancel-gateway.checkNames" . }}
{{- end }}
